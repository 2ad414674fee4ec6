import { beforeEach, expect, test } from '@jest/globals';
import type { Conversation } from '@parley/contracts/state';
import { presets } from '@parley/domain/presets';
import { rehearse } from '@parley/domain/rehearse';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { ProblemError } from '@parley/service/problem';
import { Aftermath } from '../src/commands/aftermath.js';
import { AgentCommands } from '../src/commands/agent-commands.js';
import type { InboxCommand } from '../src/commands/ask.js';
import { Commands } from '../src/commands/commands.js';
import { NO_FACTS } from '../src/commands/conversations.js';
import { LeasedCommands } from '../src/commands/leased-commands.js';
import { Shown } from '../src/commands/shown.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import { agent, Lived } from './lived.js';

const me = agent('agent-1');
const known = new Snapshot(
  [
    { kind: 'category', key: 'old', value: { id: 'old', name: 'Old', archived: true } },
    { kind: 'tag', key: 'refund', value: { id: 'refund', name: 'Refund', category: null, archived: false } },
  ],
  new Map(),
);

let talk: Lived;
let left: unknown[];
let sent: unknown[];
let failed: string[];
let isDatabaseAway: boolean;
/** The database goes away while the conversation decides. */
let failsAfter: boolean;
const answers = new Map<string, unknown>();
beforeEach(() => {
  failed = [];
  isDatabaseAway = false;
  failsAfter = false;
  answers.clear();
  talk = new Lived('th_0000000000000000000001').says().assigned().answers();
  left = [];
  sent = [];
});

/** The conversation as its run would decide, without one. */
const decided = (command: InboxCommand) => rehearse(talk.state, command, NO_FACTS, talk.now).outcome;
const orAway = async (): Promise<void> => {
  if (isDatabaseAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
};
const log = { warn: (_: unknown, what: string) => failed.push(what), error: () => undefined };
const aftermath = new Aftermath(
  { statements: () => ({ execute: orAway }), inTenant: orAway } as never,
  {} as never,
  log as never,
);
const configuration = { of: async () => orAway().then(() => known) };
const conversations = {
  reach: async (): Promise<Conversation> => talk.state,
  fresh: async () => ({ state: talk.state, facts: NO_FACTS, isArchived: false }),
};
const commands = new Commands(
  new CommandEndpoint('inbox', { error: () => undefined } as never),
  {
    // The server gives the first answer under an id for ever.
    command: async (_tenant: string, _id: string, type: string, rest: { commandId: string }) => {
      sent.push({ type, ...rest });
      const answer = answers.get(rest.commandId) ?? decided({ type, ...rest } as unknown as InboxCommand);
      answers.set(rest.commandId, answer);
      isDatabaseAway = failsAfter;
      return { kind: 'answer', answer };
    },
  } as never,
  conversations as never,
  aftermath,
  new Shown(configuration as never, conversations as never),
);
const leases = { takeFor: async () => ({ granted: 'lease' }), settle: orAway };
const agentCommands = new AgentCommands(
  commands,
  new LeasedCommands(commands, leases as never, aftermath),
  {} as never,
  configuration as never,
  {
    make: async (_: string, tags: { name: string }[]) =>
      orAway().then(() => void left.push(...tags.map(({ name }) => name))),
  } as never,
  { keep: async (_id: string, _state: unknown, _by: string, text: string) => left.push(text) && 'note_1' } as never,
);

let keys = 0;
const asks = async (
  how: 'close' | 'qualify' | 'pick',
  body: object,
  dryRun = false,
  key = `k-${++keys}`,
): Promise<string> => {
  const request = {
    key,
    fingerprint: 'f',
    dryRun,
    language: 'en',
    successStatus: 200,
    setHeader: () => undefined,
  };
  const ask = { tenant: 'demo', caller: me, conversationId: talk.id, request: request as never };
  return agentCommands[how](ask, body).then(
    ({ outcome }) => outcome,
    (error: unknown) => {
      if (!(error instanceof ProblemError)) throw error;
      return `${error.status} ${error.extras.reasonCode ?? error.slug}`;
    },
  );
};
const creatable = presets['iadvize-social'].tagsCreatable;

test('B4: only a command that came about makes the tag that it names', async () => {
  expect(creatable).toBe(true);
  expect(await asks('qualify', { tags: ['Ghost Tag'], episode: 7 })).toBe('409 STALE_TARGET');
  expect(left).toEqual([]);
  expect(await asks('close', { tags: ['New Tag'] })).toBe('closed');
  expect(left).toEqual(['New Tag']);
});

test('B4: what changes nothing makes no tag', async () => {
  talk.does({ type: 'qualify', tags: ['ghost-tag'] }, me);
  expect(await asks('qualify', { tags: ['Ghost Tag'] })).toBe('unchanged');
  expect(left).toEqual([]);
});

test.each([false, true])(
  'A13: a close of what has ended answers how it ended and leaves nothing; dry run: %s',
  async (dry) => {
    expect(await asks('close', { category: 'old' }, dry)).toBe('422 validation');
    talk.does({ type: 'close' }, me);
    const more = [{ tags: ['Ghost Tag'] }, { category: 'old' }, { category: 'nowhere' }, { note: 'Too late' }];
    for (const body of [...more, { rating: { exchange: 5 } }]) {
      expect(await asks('close', body, dry)).toBe('already-closed');
      expect(await asks('close', { ...body, episode: 1 }, dry)).toBe('already-closed');
    }
    expect(left).toEqual([]);
    expect(sent.every((command) => (command as { episode?: number }).episode === 1)).toBe(true);
    expect(await asks('close', { category: 'old', episode: 2 }, dry)).toBe('422 validation');
  },
);

test('B4: a close that is decided stays so whatever fails afterwards; the same again makes up for its new tag', async () => {
  failsAfter = true;
  expect(await asks('close', { tags: ['New Tag'] }, false, 'same')).toBe('closed');
  expect(left).toEqual([]);
  expect(failed).toEqual(['an answer was not kept', 'an answer was not kept']);
  talk.does({ type: 'close', tags: ['new-tag'] }, me);
  [failsAfter, isDatabaseAway] = [false, false];
  expect(await asks('close', { tags: ['New Tag'] }, false, 'same')).toBe('closed');
  expect(left).toEqual(['New Tag']);
});

test('a pick that is decided stays so when its lease cannot be settled', async () => {
  talk = new Lived('th_0000000000000000000001').says();
  failsAfter = true;
  expect(await asks('pick', {})).toBe('assigned');
  expect(failed).toEqual(['an answer was not kept', 'an answer was not kept']);
});
