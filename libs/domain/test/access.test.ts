import { describe, expect, test } from '@jest/globals';
import { Role } from '@parley/contracts/actor';
import { ACCESS, mayCall, reaches, SIGNAL_CALLER, verbOf, type Reachable, type Verb } from '../src/access.js';
import { closeBy, given, manager, ana, message, program, visitorWrote } from './given.js';

/**
 * reliability.md, section 5, written out: role x verb x reach. `–` is never; a machine's reach is a scope of its token.
 */
const MATRIX = `
                     visitor  agent           manager  administrator  super-administrator  auditor  integration         system
message.receive      all      –               –        –              –                    –        channel:write       all
message.send         –        own             –        –              –                    –        channel:write       –
conversation.read    own      own-or-waiting  team     campaign       tenant               all      read:events         –
content.read         own      own-or-waiting  team     campaign       tenant               –        read:content        –
note.read            –        own-or-waiting  team     campaign       tenant               –        read:content        –
comment.read         –        –               team     campaign       tenant               –        –                   –
visitor.leave        all      –               –        –              –                    –        channel:write       all
pick                 –        own-or-team     –        –              –                    –        routing             all
return-to-queue      –        own             –        –              –                    –        routing             all
requeue              –        –               –        –              –                    –        routing             all
pause                –        own             –        –              –                    –        lifecycle:pause     –
resume               –        own             –        –              –                    –        –                   –
hand-over            –        –               –        –              –                    –        channel:write       all
close.agent          –        own             –        –              –                    –        –                   –
close.supervisor     –        –               team     campaign       tenant               –        lifecycle:close     –
cancel               –        –               –        campaign       tenant               –        lifecycle:cancel    –
reassign             –        own             team     campaign       tenant               –        lifecycle:reassign  –
end-session          –        own             –        –              –                    –        –                   all
deadline             –        –               –        –              –                    –        –                   all
qualify              –        own             team     campaign       tenant               –        lifecycle:qualify   –
note                 –        own             team     campaign       tenant               –        lifecycle:qualify   –
transaction          –        own             team     campaign       tenant               –        lifecycle:qualify   all
rate                 –        own             –        –              –                    –        –                   –
survey.answer        all      –               –        –              –                    –        –                   all
transcript           –        own             team     campaign       tenant               –        –                   –
export               –        own             team     campaign       tenant               –        –                   –
tag.create           –        all             team     campaign       tenant               –        –                   –
ticket.read          –        own-or-waiting  team     campaign       tenant               –        read:events         –
ticket.write         –        own             team     campaign       tenant               –        –                   –
presence.visitor     all      –               –        –              –                    –        channel:write       –
presence.agent       –        own             –        –              –                    –        –                   –
capacity.read        –        own             team     campaign       tenant               –        –                   –
capacity.set         –        –               team     campaign       tenant               –        –                   –
desk                 –        own             –        –              –                    –        –                   –
live-activity        –        –               team     campaign       tenant               all      –                   –
explain              –        –               team     campaign       tenant               all      –                   –
bulk                 –        –               team     campaign       tenant               –        lifecycle:close     –
repin                –        –               –        campaign       tenant               –        –                   –
simulate             –        –               team     campaign       tenant               all      –                   –
configuration.read   –        all             team     campaign       tenant               all      read:events         –
configuration.write  –        –               –        campaign       tenant               –        –                   –
webhooks.read        –        –               –        –              tenant               all      –                   –
webhooks.write       –        –               –        –              tenant               –        –                   –
deliveries.read      –        –               team     campaign       tenant               all      –                   –
reports.read         –        own             team     campaign       tenant               all      read:stats          –
exports.read         –        –               team     campaign       tenant               all      read:stats          –
rebuild              –        –               –        –              tenant               –        –                   –
audit.read           –        –               –        campaign       tenant               all      –                   –
erase                –        –               –        –              tenant               –        privacy             all
erasure.approve      –        –               –        –              tenant               –        –                   –
legal-hold           –        –               –        –              tenant               –        –                   –
contact.export       –        –               –        –              tenant               –        privacy             –
`;
const [head = '', ...lines] = MATRIX.split('\n').slice(1, -1);
const ROLES = head.trim().split(/\s+/) as Role[];
const CELLS = lines.flatMap((line) => {
  const [verb, ...grants] = line.trim().split(/\s+/);
  return ROLES.map((role, index) => ({ verb: verb as Verb, role, grant: grants[index] ?? '' }));
});

/** One caller of each role, `eva`, with what an account of that role is given. */
const SCOPES: Partial<Record<Role, string[]>> = {
  agent: ['team:support'],
  manager: ['team:support'],
  administrator: ['campaign:summer'],
  'super-administrator': ['tenant'],
};
const KINDS: Record<Role, typeof manager.kind> = {
  visitor: 'visitor',
  agent: 'agent',
  manager: 'supervisor',
  administrator: 'supervisor',
  'super-administrator': 'supervisor',
  auditor: 'supervisor',
  integration: 'integration',
  system: 'system',
};
const eva = (role: Role, scopes = SCOPES[role] ?? []) => ({ kind: KINDS[role], role, id: 'eva', scopes });

/** The same conversation, nearer to Eva or further away. */
const elsewhere: Reachable = {
  status: 'active',
  campaign: 'winter',
  group: 'experts',
  contactId: 'con_1',
  assignedTo: 'ben',
};
const CONVERSATIONS: Record<string, Reachable> = {
  elsewhere,
  assignedToHer: { ...elsewhere, assignedTo: 'eva' },
  endedForHer: { ...elsewhere, status: 'closed', assignedTo: null, closing: { statsAgent: 'eva' } },
  endedForAnother: { ...elsewhere, status: 'closed', assignedTo: 'eva', closing: { statsAgent: 'ben' } },
  waitingElsewhere: { ...elsewhere, status: 'pending', assignedTo: null },
  waitingInHerTeam: { ...elsewhere, status: 'pending', assignedTo: null, group: 'support' },
  pausedInHerTeam: { ...elsewhere, status: 'paused', group: 'support' },
  inHerTeam: { ...elsewhere, group: 'support' },
  inHerCampaign: { ...elsewhere, campaign: 'summer' },
  hersAsVisitor: { ...elsewhere, contactId: 'eva' },
};
const EVERYWHERE = Object.keys(CONVERSATIONS);
const OWN = ['assignedToHer', 'endedForHer'];
const TEAM = ['waitingInHerTeam', 'pausedInHerTeam', 'inHerTeam'];
const REACHED: Record<string, string[]> = {
  '–': [],
  own: OWN,
  'own-or-team': [...OWN, ...TEAM],
  'own-or-waiting': [...OWN, 'waitingInHerTeam', 'pausedInHerTeam'],
  team: TEAM,
  campaign: ['inHerCampaign'],
  tenant: EVERYWHERE,
  all: EVERYWHERE,
};
const reachOf = (role: Role, grant: string): string[] =>
  role === 'visitor' && grant === 'own' ? ['hersAsVisitor'] : (REACHED[grant] ?? EVERYWHERE);

describe('role x verb x scope', () => {
  test('every verb and every role stands in the matrix', () => {
    expect(new Set(CELLS.map(({ verb }) => verb))).toEqual(new Set(Object.keys(ACCESS)));
    expect(new Set(ROLES)).toEqual(new Set(Role.options));
    expect(CELLS.filter(({ grant }) => grant === '')).toEqual([]);
  });
  test.each(CELLS.filter(({ role }) => role !== 'integration'))(
    '$verb by $role reaches: $grant',
    ({ verb, role, grant }) => {
      const caller = eva(role);
      expect(mayCall([role], caller.scopes, verb)).toBe(grant !== '–');
      const reached = EVERYWHERE.filter((name) => reaches(caller, verb, CONVERSATIONS[name] ?? elsewhere));
      expect(new Set(reached)).toEqual(new Set(reachOf(role, grant)));
    },
  );
  test.each(CELLS.filter(({ role }) => role === 'integration'))(
    '$verb by a machine needs $grant',
    ({ verb, grant }) => {
      const others = ['channel:write', 'lifecycle:close', 'read:events', 'tenant', 'team:support'].filter(
        (scope) => scope !== grant,
      );
      const [withIt, without] = [eva('integration', [...others, grant]), eva('integration', others)];
      expect(mayCall(['integration'], withIt.scopes, verb)).toBe(grant !== '–');
      expect(reaches(withIt, verb, elsewhere)).toBe(grant !== '–');
      expect(mayCall(['integration'], without.scopes, verb)).toBe(false);
      expect(reaches(without, verb, elsewhere)).toBe(false);
    },
  );
  test('a person with two roles may what either may; with none, nothing', () => {
    expect(mayCall(['agent', 'manager'], [], 'close.supervisor')).toBe(true);
    expect(mayCall(['manager', 'agent'], [], 'pause')).toBe(true);
    expect(mayCall([], ['tenant'], 'conversation.read')).toBe(false);
  });
  test.each(['team:support', 'campaign:summer', 'tenant'])('a scope by itself gives no verb: %s', (scope) => {
    expect(mayCall(['auditor'], [scope], 'close.supervisor')).toBe(false);
  });
});

test('A3: an agent’s close and a supervisor’s are two verbs, and so are two sides of a conversation', () => {
  const { world } = given(visitorWrote);
  expect(verbOf(closeBy(ana)(world))).toBe('close.agent');
  expect(verbOf(closeBy(manager)(world))).toBe('close.supervisor');
  expect(verbOf(closeBy(program)(world))).toBe('close.supervisor');
  expect(verbOf(message()(world))).toBe('message.receive');
  expect(verbOf(message({ author: 'agent' })(world))).toBe('message.send');
});

test('a signal acts as a machine that policy alone holds back', () => {
  expect(SIGNAL_CALLER).toMatchObject({ kind: 'integration', role: 'integration', id: 'signal' });
  const verbs: Verb[] = [
    'message.receive',
    'message.send',
    'pause',
    'close.supervisor',
    'cancel',
    'reassign',
    'qualify',
  ];
  for (const verb of verbs) expect(reaches(SIGNAL_CALLER, verb, elsewhere)).toBe(true);
  for (const verb of ['erase', 'content.read', 'close.agent', 'end-session', 'resume'] as Verb[])
    expect(reaches(SIGNAL_CALLER, verb, elsewhere)).toBe(false);
});
