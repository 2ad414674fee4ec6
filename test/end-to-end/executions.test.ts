import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, conversationIn, heldBy, inbox, newContact, reply, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { newTeam, room, type Team, waits } from './team.ts';

/**
 * What `cells.test.ts` asks as a dry run is done here: with the lease, the Update and the log, in the statuses that no
 * other test does it in. Each team is this file's own, so its agents hold exactly what the rows gave them.
 */

const log = new LogFollower();
/** Whole lives as they stood when their row was done. */
const lives = new Map<string, string[]>();
const teams = new Map<string, Team>();

beforeAll(async () => {
  log.start();
  const made = Object.entries({
    site: newTeam({ kind: 'site', policy: 'iadvize-onsite', surveyOn: true }),
    paid: newTeam({ kind: 'site', policy: 'iadvize-onsite' }, true),
    social: newTeam({ surveyOn: true }),
    sellia: newTeam({ policy: 'sellia-campaign' }, true),
    zendesk: newTeam({ policy: 'zendesk-messaging', surveyOn: true }),
  });
  for (const [name, team] of made) teams.set(name, await team);
  for (const { agents } of teams.values()) for (const agent of agents) await room(agent, 50);
});
afterAll(() => log.stop());

type Room = readonly [number, number];
type Who = 'a' | 'b' | 'manager' | 'administrator' | 'head' | 'machine';
type People = Record<Who, string>;
type Status = keyof typeof REACHED;

/** Where a conversation stands: in which status, by which events, and what it takes of the two agents' room. */
interface Standing {
  status: string;
  life: string[];
  room: Room;
}
const REACHED = {
  'in-queue': { status: 'pending', life: [], room: [0, 0] },
  'agents-offline': { status: 'pending', life: [], room: [0, 0] },
  assigned: { status: 'assigned', life: ['assigned'], room: [1, 0] },
  active: { status: 'active', life: ['assigned', 'activated'], room: [1, 0] },
  paused: { status: 'paused', life: ['assigned', 'activated', 'paused'], room: [0, 0] },
  returned: { status: 'pending', life: ['assigned', 'activated', 'returned'], room: [0, 0] },
  'wrap-up': { status: 'wrap-up', life: ['assigned', 'activated', 'session-ended'], room: [0, 0] },
} satisfies Record<string, Standing>;

const ACTORS: Record<Who, { kind: string; role: string }> = {
  a: { kind: 'agent', role: 'agent' },
  b: { kind: 'agent', role: 'agent' },
  manager: { kind: 'supervisor', role: 'manager' },
  administrator: { kind: 'supervisor', role: 'administrator' },
  head: { kind: 'supervisor', role: 'super-administrator' },
  machine: { kind: 'integration', role: 'integration' },
};

/** What somebody did between the status and the command, and where that led. */
interface Step extends Standing {
  does: (id: string, people: People) => Promise<unknown>;
}
const handedOn: Step = {
  ...{ status: 'assigned', life: ['reassigned'], room: [0, 1] },
  does: (id, { a, b }) => as(a).post(inbox(id, 'reassign'), { to: b }),
};
const answeredByB: Step = {
  ...{ status: 'active', life: ['activated'], room: [0, 1] },
  does: (id, { b }) => reply(b, id),
};

/** All that came before the row's command. */
function standing({ from, since = [] }: Pick<Row, 'from' | 'since'>): Standing {
  const steps = [REACHED[from], ...since];
  const { status, room } = steps.at(-1) as Standing;
  return { status, room, life: steps.flatMap(({ life }) => life) };
}

interface Row {
  on: string;
  from: Status;
  since?: readonly Step[];
  presence?: { online: boolean; authenticated: boolean };
  by: Who;
  route: typeof inbox;
  verb: string;
  body?: (people: People) => object;
  outcome: string;
  /** Which status the answer shows, with whom. */
  to: [status: string, assignedTo: 'a' | 'b' | null];
  /** What is particular to the event. */
  says: (people: People) => object;
  /** The types of what the same decision adds, and what is particular to each. */
  follows?: [string, (people: People) => object][];
  room: Room;
}

function teamOf(name: string): Team {
  const team = teams.get(name);
  if (team === undefined) throw new Error(`no team ${name}`);
  return team;
}

function people(name: string): People {
  const { agents, manager, administrator } = teamOf(name);
  const [a, b] = agents;
  return { a, b, manager, administrator, head: 'super-administrator-1', machine: 'integration-1' };
}

const visitorOf = (name: string, presence = {}) => ({ account: teamOf(name).id, contact: newContact(), presence });

async function presence({ agents }: Team, status: 'online' | 'away'): Promise<void> {
  for (const agent of agents) await as(agent).put('/inbox/v1/agents/me/presence', { status, accepts: 'picking' });
}

async function rooms({ a, b }: People): Promise<Room> {
  return [await heldBy(a), await heldBy(b)];
}

const sum = ([a, b]: Room, [c, d]: Room): Room => [a + c, b + d];

/** Brings a conversation of its own to where the row begins. */
async function built({ on, from, since = [], presence: there }: Row): Promise<string> {
  const team = teamOf(on);
  await presence(team, from === 'agents-offline' ? 'away' : 'online');
  const isWaiting = from === 'in-queue' || from === 'agents-offline';
  const id = await conversationIn(isWaiting ? 'pending' : from, visitorOf(on, there), people(on).a);
  if (isWaiting) await waits(id, from);
  for (const step of since) await step.does(id, people(on));
  return id;
}

/** The row done for real: the answer, the log and the room of both agents. */
async function carriesOut(row: Row): Promise<void> {
  const who = people(row.on);
  const before = await rooms(who);
  const id = await built(row);
  const { status: statusFrom, life, room: taken } = standing(row);
  expect(await rooms(who)).toEqual(sum(before, taken));

  const answer = await send(who[row.by], row.route(id, row.verb), row.body?.(who));
  expect(verdict(answer)).toBe(`200 ${row.outcome}`);
  const follows = row.follows ?? [];
  const sequence = 2 + life.length + 1;
  const [status, assignee] = row.to;
  expect(field(answer.body, 'sequence')).toBe(sequence + follows.length);
  const assignedTo = assignee && who[assignee];
  const shown = { conversationId: id, status, assignedTo, sequence: sequence + follows.length };
  expect(field(answer.body, 'conversation')).toMatchObject(shown);

  await log.at(id, sequence + follows.length);
  const whole = ['started', 'queued', ...life, row.outcome, ...follows.map(([type]) => type)];
  expect(log.types(id)).toEqual(whole);
  lives.set(id, whole);
  const event = await log.at(id, sequence);
  const actor = { ...ACTORS[row.by], id: who[row.by] };
  const common = { actor, statusTo: status, episode: 1, tenantid: 'demo', group: teamOf(row.on).id };
  expect(event).toMatchObject({ ...common, statusFrom, ...row.says(who) });
  for (const [index, [, says]] of follows.entries())
    expect(await log.at(id, sequence + 1 + index)).toMatchObject({
      ...{ ...common, statusFrom: status, time: event['time'], causationid: `${id}:${sequence}` },
      ...says(who),
    });

  const effects = field(answer.body, 'effects');
  const moved = sum(row.room, [-taken[0], -taken[1]]);
  expect(Array.isArray(effects) ? effects.filter(isOfRoom).map(agentAndCode) : []).toEqual(told(moved, who));
  // Inbox's own answer comes after the room is free again; what admin decides reaches inbox by the log.
  const settled = sum(before, row.room);
  if (row.route === admin)
    await until('the room', async () => (String(await rooms(who)) === String(settled) ? true : undefined), 10_000);
  expect(await rooms(who)).toEqual(settled);
}

const isOfRoom = (effect: unknown): boolean => String(field(effect, 'code')).startsWith('capacity-');
const agentAndCode = (effect: unknown): unknown[] => [field(effect, 'code'), field(effect, 'data', 'agentId')];
const told = ([a, b]: Room, who: People): unknown[] => [
  ...(a < 0 ? [['capacity-freed', who.a]] : []),
  ...(b < 0 ? [['capacity-freed', who.b]] : []),
  ...(a > 0 ? [['capacity-held', who.a]] : []),
  ...(b > 0 ? [['capacity-held', who.b]] : []),
];

type Move = Pick<Row, 'on' | 'from' | 'by'> & Partial<Row>;
type Named<T> = [name: string, row: T];

describe('handed to another agent', () => {
  const to = (target: 'a' | 'b', from: 'a' | null) => ({
    body: (who: People) => ({ to: who[target] }),
    to: ['assigned', target] satisfies Row['to'],
    says: (who: People) => ({
      assignedTo: who[target],
      assignedFrom: from && who[from],
      commentId: null,
      reason: null,
    }),
    room: (target === 'a' ? [1, 0] : [0, 1]) as Room,
  });
  test.each<Named<Move>>([
    ['what waits in the queue, by a manager', { on: 'social', from: 'in-queue', by: 'manager', ...to('b', null) }],
    [
      'what waits while agents are away',
      { on: 'sellia', from: 'agents-offline', by: 'administrator', ...to('b', null) },
    ],
    ['what was given back, to another', { on: 'site', from: 'returned', by: 'administrator', ...to('b', null) }],
    ['what was given back, to who gave it back', { on: 'social', from: 'returned', by: 'head', ...to('a', null) }],
    ['what is paused, by a manager', { on: 'social', from: 'paused', by: 'manager', ...to('b', 'a') }],
    ['what is paused, by its agent', { on: 'social', from: 'paused', by: 'a', route: inbox, ...to('b', 'a') }],
    ['what was not answered yet, by a program', { on: 'zendesk', from: 'assigned', by: 'machine', ...to('b', 'a') }],
  ])('D4: %s', (_name, row) => carriesOut({ route: admin, verb: 'reassign', outcome: 'reassigned', ...row } as Row));
});

describe('out of the agent’s hands before a first word', () => {
  const by = { from: 'assigned', by: 'a', route: inbox, room: [0, 0] } as const;
  test('E1, E5: the session ends, and its room is free at once', () =>
    carriesOut({
      ...{ ...by, on: 'zendesk', verb: 'end-session', outcome: 'session-ended', to: ['wrap-up', 'a'] },
      says: ({ a }) => ({ sessionEndReason: 'agent', reason: 'agent', endedAgent: a }),
    }));

  test('B10: paused, it stays its agent’s and takes no room', () =>
    carriesOut({
      ...{ ...by, on: 'social', verb: 'pause', outcome: 'paused', to: ['paused', 'a'] },
      says: ({ a }) => ({ assignedTo: a, reason: null }),
    }));

  test('B11: given back, it waits for anybody', () =>
    carriesOut({
      ...{ ...by, on: 'site', verb: 'return-to-queue', outcome: 'returned', to: ['pending', null] },
      says: ({ a }) => ({ returnedBy: a, reason: 'returned' }),
    }));
});

/** How it ended: for whom it counts, whose sale it was, and whom it pays. */
type Ended = Pick<Row, 'on' | 'from' | 'by' | 'since' | 'presence'> & {
  counts: 'a' | 'b' | null;
  sale: 'a' | 'b' | null;
  pays?: 'a' | 'b' | null;
  void?: 'a' | 'b';
  survey?: string;
};
const KINDS: Record<string, string> = { agent: 'agent', supervisor: 'supervisor', integration: 'api' };

function ending(row: Ended): Pick<Row, 'says' | 'follows' | 'room'> {
  const closeKind = KINDS[ACTORS[row.by].kind];
  const answers = standing(row).life.filter((type) => type === 'activated');
  const survey = row.survey === 'requested' ? 'survey-requested' : 'survey-suppressed';
  return {
    room: [0, 0],
    says: (who) => ({
      ...{ closeKind, reason: closeKind, closedBy: { ...ACTORS[row.by], id: who[row.by] } },
      statsAgent: row.counts && who[row.counts],
      transactionAgent: row.sale && who[row.sale],
      paymentExpert: row.pays ? who[row.pays] : null,
      messageCounts: { visitor: 1, agent: answers.length },
    }),
    follows: [
      ...(row.survey === undefined
        ? []
        : [[survey, () => (row.survey === 'requested' ? {} : { suppression: row.survey })]]),
      ...(row.void === undefined ? [] : [['payment-voided', (who: People) => ({ expert: row.void && who[row.void] })]]),
    ] as NonNullable<Row['follows']>,
  };
}

const ends = (row: Ended): Promise<void> =>
  carriesOut({
    ...{ ...row, ...ending(row), verb: 'close', outcome: 'closed', to: ['closed', null] },
    route: row.by === 'a' || row.by === 'b' ? inbox : admin,
  });

describe('closed', () => {
  const nobodys = { counts: null, sale: null } as const;
  const unanswered = { counts: 'a', sale: null } as const;
  const answered = { counts: 'a', sale: 'a' } as const;
  const byManager = { on: 'social', by: 'manager', survey: 'requested' } as const;
  test.each<Named<Ended>>([
    ['in the queue', { ...byManager, from: 'in-queue', ...nobodys }],
    ['while agents are away', { ...byManager, from: 'agents-offline', ...nobodys }],
    ['given back', { ...byManager, from: 'returned', counts: null, sale: 'a' }],
    ['not answered yet', { ...byManager, from: 'assigned', ...unanswered }],
    ['answered', { ...byManager, from: 'active', ...answered }],
    ['paused', { ...byManager, from: 'paused', ...answered }],
  ])('A4, A9, A11: by a manager on a third-party channel, %s', (_name, row) => ends(row));

  const loggedIn = { on: 'site', survey: 'requested', presence: { online: true, authenticated: true } } as const;
  const present = { online: true, authenticated: false };
  const away = { on: 'site', survey: 'visitor-not-authenticated', presence: present } as const;
  test.each<Named<Ended>>([
    [
      'a visitor logged in, in the queue, by an administrator',
      { ...loggedIn, from: 'in-queue', by: 'administrator', ...nobodys },
    ],
    ['a visitor logged in, not answered yet, by the agent', { ...loggedIn, from: 'assigned', by: 'a', ...unanswered }],
    [
      'a visitor only present, given back, by a manager',
      { ...away, from: 'returned', by: 'manager', counts: null, sale: 'a' },
    ],
    [
      'a visitor only present, not answered yet, by a program',
      { ...away, from: 'assigned', by: 'machine', ...unanswered },
    ],
  ])('A9: on the own site, %s', (_name, row) => ends(row));

  const byTrigger = { on: 'zendesk', survey: 'only-by-trigger', from: 'wrap-up', ...answered } as const;
  test.each<Named<Ended>>([
    ['its agent', { ...byTrigger, by: 'a' }],
    ['a program', { ...byTrigger, by: 'machine' }],
  ])('A9, E7: after its session, by %s, the survey is a trigger’s', (_name, row) => ends(row));
});

describe('cancelled by an administrator', () => {
  const by = { on: 'sellia', by: 'administrator' } as const;
  test.each<Named<Ended>>([
    ['D5, D7: while agents are away', { ...by, from: 'agents-offline', counts: null, sale: null }],
    ['D5, D7: not answered yet', { ...by, from: 'assigned', counts: 'a', sale: null }],
    ['D7, A8: answered, and the expert is not paid', { ...by, from: 'active', counts: 'a', sale: 'a', void: 'a' }],
  ])('%s', (_name, row) => {
    const { says, ...end } = ending(row);
    const chosen = { category: 'resolved-elsewhere', subcategory: 'by-phone' };
    return carriesOut({
      ...{ ...row, ...end, route: admin, verb: 'cancel', outcome: 'cancelled', to: ['cancelled', null] },
      body: () => chosen,
      says: (who) => ({ ...says(who), ...chosen }),
    });
  });
});

describe('on a campaign that pays per conversation', () => {
  const paid = { on: 'paid', survey: 'survey-off' } as const;
  const back = { ...paid, from: 'returned', counts: null, sale: 'a' } as const;
  const over = { ...paid, from: 'active', since: [handedOn], counts: 'b', sale: 'a' } as const;
  test.each<Named<Ended>>([
    ['the expert gave it back, and a manager closes: not paid', { ...back, by: 'manager', void: 'a' }],
    ['the expert gave it back, and a program closes: paid', { ...back, by: 'machine', pays: 'a' }],
    ['handed on to one who is silent, a manager closes: who wrote is not paid', { ...over, by: 'manager', void: 'a' }],
    ['handed on to one who is silent and closes: who wrote is paid', { ...over, by: 'b', pays: 'a' }],
    [
      'handed on to one who writes, an administrator closes: the last to write is not paid',
      { ...over, since: [handedOn, answeredByB], sale: 'b', by: 'administrator', void: 'b' },
    ],
    [
      'nobody wrote, and a manager closes: nobody to pay',
      { ...paid, from: 'assigned', counts: 'a', sale: null, by: 'manager' },
    ],
  ])('A8: %s', (_name, row) => ends(row));
});

describe('afterwards', () => {
  test('X4: nothing came after any of it', () => {
    expect(lives.size).toBeGreaterThan(0);
    for (const [id, life] of lives) expect([id, log.types(id)]).toEqual([id, life]);
  });
});
