import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { ChannelMessageBody } from '@parley/contracts/inbox-http';
import type { Presence } from '@parley/contracts/conversation';
import type { Database } from '@parley/persistence/database';
import type { Vault } from '@parley/persistence/vault';
import { DATABASE, FRESH, VAULT } from '../parts.js';
import { ContactRow } from './contact.entity.js';
import { newContactId } from './identifiers.js';

/** What we keep sealed of a contact: its id on the channel, and what the channel said of it. */
export interface Profile {
  externalId: string;
  displayName?: string | undefined;
  email?: string | undefined;
}
/** What a message needs of its sender. */
export type Contact = Pick<ContactRow, 'id' | 'language' | 'online' | 'authenticated' | 'profile'>;
type Said = ChannelMessageBody['contact'];
type Change = (em: EntityManager) => Promise<void>;

const presenceOf = ({ online = false, authenticated = false }: Said): Presence => ({ online, authenticated });

/** Inside we know a contact by a random id alone (architecture.md 7). */
@Injectable()
export class Contacts {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  async find(tenant: string, channelAccount: string, externalId: string): Promise<Contact | undefined> {
    const [row] = await this.database.statements(tenant).execute<Contact>(
      `select id, language, online, authenticated, profile from contact
         where tenant = ? and channel_account = ? and external_key = ?`,
      [tenant, channelAccount, this.#keyOf(tenant, channelAccount, externalId)],
    );
    return row;
  }

  /** When nobody has written under this id yet. Two at once make one. */
  async make(tenant: string, channelAccount: string, said: Said): Promise<Contact> {
    const id = newContactId();
    const row = {
      tenant,
      id,
      channelAccount,
      externalKey: this.#keyOf(tenant, channelAccount, said.id),
      profile: await this.#sealed(tenant, id, profileOf(said)),
      language: said.language ?? null,
      ...presenceOf(said),
      createdAt: new Date(),
    };
    await this.database.inTenant(tenant, (em) =>
      em.upsert(ContactRow, row, {
        onConflictFields: ['tenant', 'channelAccount', 'externalKey'],
        onConflictAction: 'ignore',
      }),
    );
    const made = await this.find(tenant, channelAccount, said.id);
    if (!made) throw new Error('The contact was not kept.');
    return made;
  }

  /** What this message says of its sender holds from now on (A9: left out is false). Undefined: nothing new. */
  async news(tenant: string, contact: Contact, said: Said): Promise<Change | undefined> {
    const { online, authenticated } = presenceOf(said);
    const language = said.language ?? contact.language;
    const isNamed = said.displayName !== undefined || said.email !== undefined;
    const isKnown =
      online === contact.online && authenticated === contact.authenticated && language === contact.language;
    if (isKnown && !isNamed) return undefined;
    const profile = isNamed ? await this.#sealed(tenant, contact.id, profileOf(said)) : contact.profile;
    return async (em) => {
      const change = { online, authenticated, language: language ?? null, profile };
      await em.nativeUpdate(ContactRow, { tenant, id: contact.id }, change);
    };
  }

  async setPresence(tenant: string, contactId: string, presence: Presence): Promise<void> {
    await this.database.inTenant(tenant, (em) => em.nativeUpdate(ContactRow, { tenant, id: contactId }, presence));
  }

  /** The channel's own id; undefined once the contact is erased. */
  async externalIdOf(tenant: string, contactId: string): Promise<string | undefined> {
    const row = await this.database.inTenant(tenant, (em) => em.findOne(ContactRow, { tenant, id: contactId }, FRESH));
    const profile = row && (await this.vault.open(placeOf(tenant, contactId), row.profile));
    if (!profile) return undefined;
    const parsed: unknown = JSON.parse(profile);
    const isProfile = typeof parsed === 'object' && parsed !== null && 'externalId' in parsed;
    return isProfile && typeof parsed.externalId === 'string' ? parsed.externalId : undefined;
  }

  #keyOf(tenant: string, channelAccount: string, externalId: string): string {
    return this.vault.blindIndex(tenant, `contact/${channelAccount}`, externalId);
  }

  #sealed(tenant: string, contactId: string, profile: Profile): Promise<Buffer> {
    return this.vault.seal(placeOf(tenant, contactId), JSON.stringify(profile));
  }
}

const profileOf = ({ id, displayName, email }: Said): Profile => ({ externalId: id, displayName, email });
const placeOf = (tenant: string, contactId: string) => ({
  tenant,
  contactId,
  table: 'contact',
  column: 'profile',
  row: contactId,
});
