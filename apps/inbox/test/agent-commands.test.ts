import { beforeEach, expect, test } from '@jest/globals';
import type { Conversation } from '@parley/contracts/state';
import { presets } from '@parley/domain/presets';
import { rehearse } from '@parley/domain/rehearse';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { ProblemError } from '@parley/service/problem';
import { AgentCommands } from '../src/commands/agent-commands.js';
import type { InboxCommand } from '../src/commands/ask.js';
import { Commands } from '../src/commands/commands.js';
import { NO_FACTS } from '../src/commands/conversations.js';
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
beforeEach(() => {
  talk = new Lived('th_0000000000000000000001').says().assigned().answers();
  left = [];
  sent = [];
});

/** The conversation as its run would decide, without one. */
const decided = (command: InboxCommand) => rehearse(talk.state, command, NO_FACTS, talk.now).outcome;
const commands = new Commands(
  new CommandEndpoint('inbox', { error: () => undefined } as never),
  {
    command: async (_tenant: string, _id: string, type: string, rest: object) => {
      sent.push({ type, ...rest });
      return { kind: 'answer', answer: decided({ type, ...rest } as InboxCommand) };
    },
  } as never,
  {
    reach: async (): Promise<Conversation> => talk.state,
    fresh: async () => ({ state: talk.state, facts: NO_FACTS, isArchived: false }),
  } as never,
  { of: async () => undefined } as never,
  { to: async (_: unknown, outcome: unknown) => outcome } as never,
);
const agentCommands = new AgentCommands(
  commands,
  {} as never,
  {} as never,
  { of: async () => known } as never,
  { make: async (_: string, tags: { name: string }[]) => void left.push(...tags.map(({ name }) => name)) } as never,
  { keep: async (_id: string, _state: unknown, _by: string, text: string) => left.push(text) && 'note_1' } as never,
);

const asks = async (how: 'close' | 'qualify', body: object, dryRun = false): Promise<string> => {
  const request = {
    key: 'k',
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
