import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Account,
  ACCOUNTS,
  AMENDMENTS,
  cellsOf,
  READS,
  type Rule,
  RULES,
  type Status,
  statusesOf,
} from './cells.ts';
import { agentsReady, conversationIn, eventually, heldBy, inbox, newContact, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { until } from '../../deploy/local/demo/play.ts';

/**
 * Every role at every verb in every status that HTTP reaches, under every policy: what is refused is really sent and
 * changes nothing, what is allowed is asked as a dry run and changes nothing either.
 */

const log = new LogFollower();
beforeAll(() => void log.start());
afterAll(() => log.stop());

interface Place {
  account: Account;
  status: Status;
  id: string;
  /** Where it stood before anything was tried. */
  before: Standing;
}
type Standing = Record<'sequence' | 'status' | 'pendingReason' | 'messageCounts' | 'assignedTo', unknown>;

describe('while no agent is online', () => {
  const places = builtBefore(() => presence('away'), isOffline);
  describeCells([...RULES, ...AMENDMENTS, ...READS], places);
  describeUnchanged(places);
  afterAll(() => presence('online'));
});

describe('just after the end', () => {
  const places = builtBefore(() => presence('online'), isEnded);
  describeCells(AMENDMENTS, places);
});

describe('while agents are online', () => {
  const isMeant = (status: Status): boolean => !isOffline(status);
  const places = builtBefore(() => presence('online'), isMeant);
  describeCells([...RULES, ...READS], places);
  const live = new Map<string, Place>();
  beforeAll(() => {
    for (const [key, place] of places) if (!isEnded(place.status)) live.set(key, place);
  });
  describeCells(AMENDMENTS, live);
  describeUnchanged(places);
});

function isOffline(status: Status): boolean {
  return status === 'agents-offline';
}

function isEnded(status: Status): boolean {
  return status === 'closed' || status === 'cancelled';
}

/** Away is not online, but who is away may still be given a conversation, or take one. */
async function presence(status: 'online' | 'away'): Promise<void> {
  await agentsReady('agent-1', 'agent-2');
  if (status === 'online') return;
  for (const agent of ['agent-1', 'agent-2'])
    await as(agent).put('/inbox/v1/agents/me/presence', { status, accepts: 'picking' });
}

/** One conversation for each account and status, known to every read model with all that its command decided. */
function builtBefore(prepare: () => Promise<void>, isMeant: (status: Status) => boolean): Map<string, Place> {
  const places = new Map<string, Place>();
  beforeAll(async () => {
    await prepare();
    const built = ACCOUNTS.map(async (account) => {
      for (const status of statusesOf(account).filter(isMeant))
        places.set(`${account} ${status}`, await placeAt(account, status));
    });
    await Promise.all(built);
  });
  return places;
}

async function placeAt(account: Account, status: Status): Promise<Place> {
  const visitor = { account, contact: newContact() };
  const id = await conversationIn(isPending(status) ? 'pending' : status, visitor);
  const isThere = (view: unknown): boolean =>
    (field(view, 'status') === status || field(view, 'pendingReason') === status) &&
    (status !== 'closed' || field(view, 'survey') !== null) &&
    field(view, 'messageCounts', 'visitor') === 1 &&
    field(view, 'messageCounts', 'agent') === (isUnanswered(status) ? 0 : 1);
  const before = standing(await eventually(id, isThere));
  await until(`inbox’s own fold of ${id}`, async () =>
    isThere(await as('super-administrator-1').get(`/inbox/v1/conversations/${id}`)) ? id : undefined,
  );
  return { account, status, id, before };
}

const isPending = (status: Status): boolean => status === 'in-queue' || isOffline(status);
const isUnanswered = (status: Status): boolean => isPending(status) || status === 'assigned';

const standing = (view: unknown): Standing => ({
  sequence: field(view, 'sequence'),
  status: field(view, 'status'),
  pendingReason: field(view, 'pendingReason'),
  messageCounts: field(view, 'messageCounts'),
  assignedTo: field(view, 'assignedTo'),
});

function describeCells(rules: Rule[], places: Map<string, Place>): void {
  test.each(rules.map((rule) => [rule.name, rule] as const))('%s', async (_name, rule) => {
    const { expected, answered } = await answersOf(rule, places);
    expect(answered).toEqual(expected);
  });
}

/** The next event of each has the next sequence, so there was none in between; of those that ended there is none. */
function describeUnchanged(places: Map<string, Place>): void {
  const held: unknown[] = [];
  beforeAll(async () => void held.push(await heldByAgents()));

  test('X4: none of it changed anything: no event, no message, no room on a desk', async () => {
    expect(await heldByAgents()).toEqual(held[0]);
    const all = [...places.values()];
    for (const { id, before } of all.filter(({ status }) => !isEnded(status))) {
      const answer = await send('super-administrator-1', inbox(id, 'notes'), { text: 'The next event.' });
      const sequence = Number(before.sequence) + 1;
      expect(standing(field(answer.body, 'conversation'))).toEqual({ ...before, sequence });
      await log.event(id, 'note-added');
      expect(log.life(id).map((event) => event['sequence'])).toEqual(upTo(sequence));
    }
    for (const { id, before } of all.filter(({ status }) => isEnded(status))) {
      expect(standing(await as('super-administrator-1').get(`/admin/v1/conversations/${id}`))).toEqual(before);
      expect(log.life(id).map((event) => event['sequence'])).toEqual(upTo(Number(before.sequence)));
    }
  });

  afterAll(async () => {
    for (const { id } of [...places.values()].filter(({ status }) => !isEnded(status))) {
      await send('agent-1', inbox(id, 'pick'));
      await send('agent-1', inbox(id, 'close'));
    }
  });
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const heldByAgents = (): Promise<unknown> => Promise.all(['agent-1', 'agent-2'].map(heldBy));

/** All cells of a rule: account by account at once, one cell after the other. */
async function answersOf(rule: Rule, places: Map<string, Place>) {
  const expected: Record<string, string> = {};
  const answered: Record<string, string> = {};
  const cells = cellsOf(rule).filter(({ account, status }) => places.has(`${account} ${status}`));
  const runs = ACCOUNTS.map(async (account) => {
    for (const cell of cells.filter((each) => each.account === account)) {
      const key = `${cell.account} ${cell.status} ${cell.who}`;
      expected[key] = cell.verdict;
      answered[key] = await answerTo(rule, places.get(`${account} ${cell.status}`)?.id ?? '', cell);
    }
  });
  await Promise.all(runs);
  return { expected, answered };
}

async function answerTo(rule: Rule, id: string, cell: { who: string; verdict: string }): Promise<string> {
  const { method, path, body } = rule.call(id);
  const isDry = method === 'POST' && cell.verdict === `200 ${rule.ok}`;
  const answer = await as(cell.who).send(method, isDry ? `${path}?dryRun=true` : path, body);
  if (method === 'GET') return answer.status === 200 ? '200' : verdict(answer);
  if (answer.status === 200 && (field(answer.body, 'dryRun') === true) !== isDry)
    return `${verdict(answer)}, as a dry run: ${String(!isDry)}`;
  const effects = field(answer.body, 'effects');
  const isQuiet = answer.status !== 200 || isDry || (Array.isArray(effects) && effects.length === 0);
  return isQuiet ? verdict(answer) : `${verdict(answer)} with effects`;
}
