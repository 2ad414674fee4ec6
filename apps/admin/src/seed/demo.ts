import type { Role } from '@parley/contracts/actor';
import type {
  Campaign,
  Category,
  ConfigurationKind,
  Group,
  Person,
  Subcategory,
  Tag,
} from '@parley/contracts/configuration';
import type { PolicyValues } from '@parley/contracts/policy';
import { tagSlug } from '@parley/contracts/tag';
import { presets } from '@parley/domain/presets';
import { subcategoryKey } from '../configuration/snapshot.js';

/** What contract.md, *Seeded*, says of a tenant, as far as admin owns it. Inserted where it is not there yet. */
export interface Seeded {
  readonly kind: ConfigurationKind;
  readonly key: string;
  readonly value: object;
}

const seeded = (kind: ConfigurationKind, key: string, value: object): Seeded => ({ kind, key, value });

const policy = (name: string, values: PolicyValues): Seeded => seeded('policy', name, { name, ...values });
const campaign = (id: string, groups: string[], paidPerConversation = false): Seeded => {
  const value: Campaign = { id, name: id, policy: null, groups, paidPerConversation };
  return seeded('campaign', id, value);
};
const group = (id: string, ...members: string[]): Seeded => {
  const value: Group = { id, name: id, members };
  return seeded('group', id, value);
};
const person = (id: string, role: Role): Seeded => {
  const value: Person = { id, name: id, role };
  return seeded('person', id, value);
};
const category = (id: string): Seeded => {
  const value: Category = { id, name: id, archived: false };
  return seeded('category', id, value);
};
const subcategory = (of: string, id: string): Seeded => {
  const value: Subcategory = { id, category: of, name: id, archived: false };
  return seeded('subcategory', subcategoryKey(of, id), value);
};
const tag = (name: string, of: string | null = null): Seeded => {
  const value: Tag = { id: tagSlug(name), name, category: of, archived: false };
  return seeded('tag', value.id, value);
};

/** The four presets under their own names, E1 turned on; and what one account each has instead. */
const policies = Object.entries({
  ...presets,
  'zendesk-messaging': { ...presets['zendesk-messaging'], endSession: true },
  'iadvize-social-fast': { ...presets['iadvize-social'], inactivityMs: 5000 },
  'zendesk-messaging-off': { ...presets['zendesk-messaging'], endSession: false },
}).map(([name, values]) => policy(name, values));

const supported = ['site', 'whatsapp', 'whatsapp-fast', 'campaign-1', 'campaign-2', 'messaging', 'messaging-off'];

export const DEMO: Readonly<Record<string, readonly Seeded[]>> = {
  demo: [
    ...policies,
    ...['agent-1', 'agent-2', 'expert-1'].map((id) => person(id, 'agent')),
    person('manager-1', 'manager'),
    ...['administrator-1', 'administrator-2'].map((id) => person(id, 'administrator')),
    ...['super-administrator-1', 'super-administrator-2'].map((id) => person(id, 'super-administrator')),
    person('auditor-1', 'auditor'),
    group('support', 'agent-1', 'agent-2'),
    group('experts', 'expert-1'),
    ...supported.map((id) => campaign(id, ['support'])),
    campaign('experts', ['experts'], true),
    ...['resolved-elsewhere', 'no-answer', 'spam'].map(category),
    subcategory('resolved-elsewhere', 'by-phone'),
    subcategory('resolved-elsewhere', 'in-store'),
    subcategory('no-answer', 'customer'),
    subcategory('no-answer', 'agent'),
    tag('delivery', 'order'),
    tag('refund', 'order'),
    tag('opening-hours'),
  ],
  other: [
    ...policies,
    person('other-agent-1', 'agent'),
    person('other-manager-1', 'manager'),
    group('support', 'other-agent-1'),
    campaign('site', ['support']),
    category('spam'),
  ],
};
