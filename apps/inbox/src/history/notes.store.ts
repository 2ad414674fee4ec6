import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Note } from '@parley/contracts/inbox-http';
import type { Conversation } from '@parley/contracts/state';
import type { Database } from '@parley/persistence/database';
import { ContactErased, type Vault } from '@parley/persistence/vault';
import { reasonProblem } from '@parley/service/problem';
import { DATABASE, FRESH, VAULT } from '../parts.js';
import { NoteRow } from './note.entity.js';

/** Free text of people about a conversation: kept here, sealed, before the command that names it is sent. */
@Injectable()
export class NotesStore {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  /** The same command keeps the same note, however often it is sent. */
  async keep(
    commandId: string,
    { tenant, conversationId, contactId }: Conversation,
    by: string,
    text: string,
  ): Promise<string> {
    const id = `note_${createHash('sha256').update(commandId).digest('base64url').slice(0, 22)}`;
    const body = await this.#sealed(tenant, contactId, id, text);
    const row = { tenant, id, conversationId, contactId, by, writtenAt: new Date(), body };
    await this.database.inTenant(tenant, (em) => em.upsert(NoteRow, row, { onConflictAction: 'ignore' }));
    return id;
  }

  /** Those that its life knows; what was kept for a command that came to nothing is nobody's note. */
  async list({ tenant, conversationId, notes }: Conversation): Promise<Note[]> {
    const rows = await this.database.inTenant(tenant, (em) => em.find(NoteRow, { tenant, conversationId }, FRESH));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return Promise.all(
      notes.map(async ({ id, at, by, afterClose }) => {
        const row = byId.get(id);
        const text = row ? await this.vault.open(placeOf(row), row.body) : undefined;
        return { id, kind: 'note', at, by, text: text ?? null, afterClose };
      }),
    );
  }

  async #sealed(tenant: string, contactId: string, id: string, text: string): Promise<Buffer> {
    try {
      return await this.vault.seal(placeOf({ tenant, contactId, id }), text);
    } catch (error) {
      throw error instanceof ContactErased ? reasonProblem('ERASED') : error;
    }
  }
}

const placeOf = ({ tenant, contactId, id }: Pick<NoteRow, 'tenant' | 'contactId' | 'id'>) => ({
  tenant,
  contactId,
  table: 'note',
  column: 'body',
  row: id,
});
