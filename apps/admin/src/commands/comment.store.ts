import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Note } from '@parley/contracts/inbox-http';
import type { Database } from '@parley/persistence/database';
import type { Vault } from '@parley/persistence/vault';
import { DATABASE, VAULT } from '../parts.js';

export interface Comment {
  readonly tenant: string;
  readonly conversationId: string;
  readonly contactId: string;
  readonly by: string;
  readonly text: string;
}

/** One comment a command, however often it is sent. */
export const commentIdOf = (commandId: string): string =>
  `cmt_${createHash('sha256').update(commandId).digest('base64url').slice(0, 22)}`;

/** A supervisor's comment (A5, D6), kept before the command goes out and encrypted with the contact's key: it travels as an id. */
@Injectable()
export class CommentStore {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  async keep(commandId: string, { tenant, conversationId, contactId, by, text }: Comment): Promise<string> {
    const id = commentIdOf(commandId);
    const body = await this.vault.seal({ tenant, contactId, table: 'comment', column: 'body', row: id }, text);
    await this.database.inTenant(tenant, (em) =>
      em.execute(
        `insert into comment (tenant, id, conversation_id, contact_id, by, at, body) values (?, ?, ?, ?, ?, ?, ?)
         on conflict do nothing`,
        [tenant, id, conversationId, contactId, by, new Date().toISOString(), body],
      ),
    );
    return id;
  }

  /**
   * The oldest first; without its text once the contact is erased. Only those that its life names: what was kept for a
   * command that came to nothing is nobody's comment.
   */
  async of(tenant: string, conversationId: string, named: ReadonlySet<string>): Promise<Note[]> {
    const rows = await this.database.inTenant(tenant, (em) =>
      em.execute<Row[]>(
        'select id, contact_id, by, at, body from comment where tenant = ? and conversation_id = ? order by at, id',
        [tenant, conversationId],
      ),
    );
    const said = rows.filter(({ id }) => named.has(id));
    return Promise.all(
      said.map(async ({ id, contact_id: contactId, by, at, body }): Promise<Note> => {
        const text = await this.vault.open({ tenant, contactId, table: 'comment', column: 'body', row: id }, body);
        return { id, kind: 'comment', at, by, text: text ?? null, afterClose: false };
      }),
    );
  }
}

interface Row {
  readonly id: string;
  readonly contact_id: string;
  readonly by: string;
  readonly at: string;
  readonly body: Buffer;
}
