import { describe, expect, test } from '@jest/globals';
import { Role } from '@parley/contracts/actor';
import { ACCESS, mayCall, reaches, SIGNAL_CALLER, verbOf, type Reachable, type Verb } from '../src/access.js';
import { closeBy, given, manager, ana, message, program, visitorWrote } from './given.js';

/**
 * reliability.md, section 5, in its own words; a row that speaks of several of our verbs stands once for each. `–` is
 * never, `p` that policy must allow it, too (the rules' business), and a machine's reach is a scope of its token.
 */
const PAGE = `
                    | visitor | agent | manager | administrator | super-administrator | integration | auditor
message.receive     | own | – | – | – | – | channel:write, own channel account | –
message.send        | – | assigned | – | – | – | – | –
message.relay       | – | – | – | – | – | channel:write, own channel account | –
conversation.read   | own, no notes | assigned + own history (+ queue heads of own team) | team | campaign | tenant | read:events | events, never text
content.read        | own, no notes | assigned + own history (+ queue heads of own team) | team | campaign | tenant | read:content | –
note.read           | – | assigned + own history (+ queue heads of own team) | team | campaign | tenant | read:content | –
visitor.leave       | own | – | – | – | – | channel:write | –
pick                | – | team, capacity | – | – | – | router: routing | –
return-to-queue     | – | team, capacity | – | – | – | router: routing | –
pause               | – | assigned, p | – | – | – | lifecycle:pause, p | –
resume              | – | assigned, p | – | – | – | lifecycle:pause, p | –
close.agent         | – | assigned | – | – | – | – | –
close.supervisor    | – | no | team, p | campaign, p | tenant, p | lifecycle:close, p | –
cancel              | – | – | – | campaign, p | tenant, p | lifecycle:cancel, p | –
reassign            | – | assigned → eligible, p | team | campaign | tenant | lifecycle:reassign | –
end-session         | – | assigned, p | – | – | – | – | –
qualify             | – | assigned / own closed | team | campaign | tenant | lifecycle:qualify | –
note                | – | assigned / own closed | team | campaign | tenant | lifecycle:qualify | –
tag.create          | – | p | yes | yes | yes | – | –
transcript          | – | assigned, p | team | campaign | tenant | – | –
export              | – | assigned, p | team | campaign | tenant | – | –
bulk                | – | – | team, ≤ 500 | campaign | tenant | – | –
configuration.read  | – | read | read | campaign (write) | tenant | – | read
configuration.write | – | – | – | campaign (write) | tenant | – | –
webhooks.read       | – | – | – | – | tenant | – | read
webhooks.write      | – | – | – | – | tenant | – | –
erase               | own request only | – | – | – | tenant, two-person | privacy | –
contact.export      | own request only | – | – | – | tenant, two-person | privacy | –
reports.read        | – | own | team | campaign | tenant | read:stats | tenant
audit.read          | – | – | – | own campaign | tenant | – | tenant
`;

/** Where we differ from it; why stands in docs/decisions.md. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'pick by integration': '–',
  'return-to-queue by agent': 'own',
  'resume by integration': '–',
  'erase by visitor': '–',
  'contact.export by visitor': '–',
};

/** The rows that the page leaves to us, each grant by its name. */
const OURS = `
                 | visitor | agent | manager | administrator | super-administrator | integration | auditor
comment.read     | – | – | team | campaign | tenant | – | –
requeue          | – | – | – | – | – | routing | –
hand-over        | – | – | – | – | – | channel:write | –
deadline         | – | – | – | – | – | – | –
transaction      | – | own | team | campaign | tenant | lifecycle:qualify | –
rate             | – | own | – | – | – | – | –
survey.answer    | all | – | – | – | – | – | –
ticket.read      | – | own-or-waiting | team | campaign | tenant | read:events | –
ticket.write     | – | own | team | campaign | tenant | – | –
presence.visitor | all | – | – | – | – | channel:write | –
presence.agent   | – | own | – | – | – | – | –
capacity.read    | – | own | team | campaign | tenant | – | –
capacity.set     | – | – | team | campaign | tenant | – | –
desk             | – | own | – | – | – | – | –
live-activity    | – | – | team | campaign | tenant | – | all
explain          | – | – | team | campaign | tenant | – | all
repin            | – | – | – | campaign | tenant | – | –
simulate         | – | – | team | campaign | tenant | – | all
deliveries.read  | – | – | team | campaign | tenant | – | all
exports.read     | – | – | team | campaign | tenant | read:stats | all
rebuild          | – | – | – | – | tenant | – | –
erasure.approve  | – | – | – | – | tenant | – | –
legal-hold       | – | – | – | – | tenant | – | –
`;

/** What our own services do without anybody: the router, the dispatcher, the clock, the erasure. */
const SYSTEM: readonly Verb[] = [
  'message.receive',
  'visitor.leave',
  'pick',
  'return-to-queue',
  'requeue',
  'hand-over',
  'end-session',
  'deadline',
  'transaction',
  'survey.answer',
  'erase',
];

/** The page's words as a grant's name. An agent's `own` is what is assigned to it, or counts for it once it ended. */
function grantOf(role: Role, words: string): string {
  const [first = ''] = words.replace(/^router: /, '').split(/,| \(/);
  if (['yes', 'p', 'read'].includes(first))
    return role === 'auditor' || role === 'agent' ? 'all' : (SCOPE_OF[role] ?? first);
  if (role === 'auditor' && first !== '–') return 'all';
  if (role === 'agent' && first === 'team') return 'own-or-team';
  return MEANING[first] ?? first;
}
const SCOPE_OF: Readonly<Record<string, string>> = {
  manager: 'team',
  administrator: 'campaign',
  'super-administrator': 'tenant',
};
const MEANING: Readonly<Record<string, string>> = {
  no: '–',
  assigned: 'own',
  'assigned / own closed': 'own',
  'assigned → eligible': 'own',
  'assigned + own history': 'own-or-waiting',
  'own campaign': 'campaign',
};

interface Cell {
  verb: Verb;
  role: Role;
  grant: string;
}
function cellsOf(table: string, meaning: (role: Role, words: string) => string): Cell[] {
  const [head = [], ...rows] = table
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const roles = head.slice(1) as Role[];
  return rows.flatMap(([verb, ...cells]) =>
    roles.map((role, index) => ({ verb: verb as Verb, role, grant: meaning(role, cells[index] ?? '') })),
  );
}
const VERBS = Object.keys(ACCESS) as Verb[];
const PEOPLE = [...cellsOf(PAGE, grantOf), ...cellsOf(OURS, (_role, grant) => grant)].map((cell) => ({
  ...cell,
  grant: DIFFERENT[`${cell.verb} by ${cell.role}`] ?? cell.grant,
}));
const CELLS: Cell[] = [
  ...PEOPLE,
  ...VERBS.map((verb): Cell => ({ verb, role: 'system', grant: SYSTEM.includes(verb) ? 'all' : '–' })),
];

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
  test('every verb stands in the matrix once, with every role, and every grant is one that there is', () => {
    const named = CELLS.map(({ verb, role }) => `${verb} by ${role}`);
    const all = VERBS.flatMap((verb) => Role.options.map((role) => `${verb} by ${role}`));
    expect(named.sort()).toEqual(all.sort());
    const isGrant = ({ role, grant }: Cell) => grant in REACHED || (role === 'integration' && /^[a-z:]+$/.test(grant));
    expect(CELLS.filter((cell) => !isGrant(cell))).toEqual([]);
  });
  test('where we differ from the page there is a cell of it that says otherwise', () => {
    const said = new Map(cellsOf(PAGE, grantOf).map(({ verb, role, grant }) => [`${verb} by ${role}`, grant]));
    for (const [cell, grant] of Object.entries(DIFFERENT)) {
      expect(said.has(cell)).toBe(true);
      expect([cell, said.get(cell)]).not.toEqual([cell, grant]);
    }
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
  expect(verbOf(message({ author: 'agent', caller: ana })(world))).toBe('message.send');
  expect(verbOf(message({ author: 'agent', caller: program })(world))).toBe('message.relay');
});

test('a signal acts as a machine that policy alone holds back', () => {
  expect(SIGNAL_CALLER).toMatchObject({ kind: 'integration', role: 'integration', id: 'signal' });
  const verbs: Verb[] = [
    'message.receive',
    'message.relay',
    'pause',
    'close.supervisor',
    'cancel',
    'reassign',
    'qualify',
  ];
  for (const verb of verbs) expect(reaches(SIGNAL_CALLER, verb, elsewhere)).toBe(true);
  for (const verb of ['message.send', 'erase', 'content.read', 'close.agent', 'end-session', 'resume'] as Verb[])
    expect(reaches(SIGNAL_CALLER, verb, elsewhere)).toBe(false);
});
