import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '@parley/contracts/actor';
import type { Lease } from '@parley/contracts/command';
import type { Conversation } from '@parley/contracts/state';
import { rehearse } from '@parley/domain/rehearse';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import type { CommandRequest } from '@parley/service/command-request';
import { IdempotencyPort, ReplayedAnswer, type Claim, type KeptAnswer } from '@parley/service/idempotency';
import { createLog } from '@parley/service/log';
import { ProblemError } from '@parley/service/problem';
import type { ConversationClient } from '@parley/temporal/client';
import type { AgentRoom } from '../src/commands/agent-room.js';
import type { CommentStore } from '../src/commands/comment.store.js';
import { SupervisorCommands } from '../src/commands/supervisor-commands.js';
import type { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import type { ConversationReader } from '../src/conversation/conversation.reader.js';
import { UNKNOWN_FACTS } from '../src/conversation/presented.js';
import { DEMO } from '../src/seed/demo.js';
import { Lived, supervisor } from './lived.js';

const NOW = '2026-03-21T12:00:00.000Z';
const archived = { kind: 'category', key: 'spam', value: { id: 'spam', name: 'Spam', archived: true } };

class Kept extends IdempotencyPort {
  readonly answers = new Map<string, KeptAnswer>();
  async claim({ key }: { key: string }): Promise<Claim> {
    const answer = this.answers.get(key);
    return answer ? { kind: 'replay', answer } : { kind: 'claimed', owner: key };
  }
  async finish(_: unknown, owner: string, answer: KeptAnswer): Promise<void> {
    if (answer.status < 300) this.answers.set(owner, answer);
  }
}

/** What stands around: a run that decides by the rules, the fold, the taxonomy, inbox's word, and what was kept. */
const world = {
  state: undefined as Conversation | undefined,
  /** Where the run has got, when the fold is behind it. */
  run: undefined as Conversation | undefined,
  after: undefined as Conversation | undefined,
  known: new Snapshot([]),
  room: { granted: 'dry-run' } as Lease,
  sent: [] as string[],
  comments: [] as string[],
};
const temporal = {
  async command(_tenant: string, _id: string, type: string, command: object) {
    world.sent.push(type);
    const { outcome } = rehearse(
      (world.run ?? world.state) as Conversation,
      { type, ...command } as never,
      UNKNOWN_FACTS,
      NOW,
    );
    if (outcome.kind !== 'done') return { kind: 'answer', answer: outcome };
    const conversation = { ...outcome.conversation, availableCommands: null };
    return { kind: 'answer', answer: { ...outcome, conversation } };
  },
  decisionState: async () => ({
    kind: 'answer',
    answer: { conversation: world.after ?? world.state, facts: UNKNOWN_FACTS },
  }),
} as unknown as ConversationClient;

const commands = new SupervisorCommands(
  new CommandEndpoint('admin', createLog('test', 'silent'), new Kept()),
  temporal,
  { known: async () => world.state } as unknown as ConversationReader,
  { of: async () => world.known } as unknown as ConfigurationStore,
  { keep: async (id: string) => (world.comments.push(id), 'cmt_1') } as unknown as CommentStore,
  { wouldGive: async () => world.room } as unknown as AgentRoom,
);

let keys = 0;
const administrator = supervisor('administrator', 'campaign:whatsapp');
const ask = (caller: Caller, key = `key-${++keys}`, dryRun = false) => ({
  tenant: 'demo',
  caller,
  conversationId: world.state?.conversationId ?? '',
  request: {
    ...{ key, fingerprint: '', dryRun, ifSequence: undefined, language: 'en', successStatus: 200, headers: {} },
    setHeader: () => undefined,
  } satisfies CommandRequest,
});
const said = (answering: Promise<unknown>): Promise<unknown> =>
  answering.then(
    (answer) => (answer as { outcome: string }).outcome,
    (error: unknown) => {
      if (error instanceof ReplayedAnswer) return 'replayed';
      if (error instanceof ProblemError) return error.extras.reasonCode ?? error.slug;
      throw error;
    },
  );

beforeEach(() => {
  world.known = new Snapshot(DEMO['demo'] ?? []);
  world.room = { granted: 'dry-run' };
  world.state = new Lived('sellia-campaign').says().assigned('agent-1').state;
  world.run = undefined;
  world.after = undefined;
  world.sent.length = 0;
  world.comments.length = 0;
});

describe('the order of refusals', () => {
  const spam = { category: 'spam', comment: 'Nobody there.' };
  const archiveSpam = () => (world.known = new Snapshot([...(DEMO['demo'] ?? []), archived]));
  const lived = () => new Lived('sellia-campaign').says().assigned('agent-1');

  test('D6: an archived category is a wrong field of an open conversation; nothing is kept or sent', async () => {
    archiveSpam();
    expect(await said(commands.cancel(ask(administrator), spam))).toBe('validation');
    expect([world.sent, world.comments]).toEqual([[], []]);
  });

  test('X4: archived since, it does not keep a repeat from its first answer', async () => {
    expect(await said(commands.cancel(ask(administrator, 'once'), spam))).toBe('cancelled');
    archiveSpam();
    expect(await said(commands.cancel(ask(administrator, 'once'), spam))).toBe('replayed');
  });

  test('X4: of a conversation that has ended it is said how, also with an archived category', async () => {
    world.state = lived().does({ type: 'cancel', category: 'spam' }, administrator).state;
    archiveSpam();
    expect(await said(commands.cancel(ask(administrator), spam))).toBe('already-closed');
    world.state = lived().does({ type: 'cancel', category: 'spam' }, administrator).says().state;
    expect(await said(commands.cancel(ask(administrator), { ...spam, episode: 1 }))).toBe('already-closed');
    expect(await said(commands.cancel(ask(administrator), spam))).toBe('validation');
    expect(await said(commands.cancel(ask(administrator), { ...spam, episode: 3 }))).toBe('validation');
  });

  test('D2: a kept answer is not for who lost the scope since', async () => {
    expect(await said(commands.cancel(ask(administrator, 'mine'), spam))).toBe('cancelled');
    const elsewhere = supervisor('administrator', 'campaign:site');
    expect(await said(commands.cancel(ask(elsewhere, 'mine'), spam))).toBe('FORBIDDEN_SCOPE');
    expect(world.sent).toEqual(['cancel']);
  });

  test('an erased conversation is gone before anything else', async () => {
    world.state = { ...(world.state as Conversation), erased: true };
    expect(await said(commands.cancel(ask(administrator), { category: 'no-such' }))).toBe('ERASED');
  });
});

describe('an answer', () => {
  test('names the commands that are open to who asked, dry or not', async () => {
    const category = 'no-answer';
    const open = async (dryRun: boolean) => {
      const { conversation } = await commands.cancel(ask(administrator, undefined, dryRun), { category });
      return conversation.availableCommands;
    };
    const ended = { command: 'cancel', enabled: false, reasonCode: 'NOT_ELIGIBLE_STATE' };
    expect(await open(true)).toContainEqual(ended);
    expect(await open(false)).toContainEqual(ended);
    // The run had come further than our fold, and whoever is asked then has not: better nothing than what was open before.
    const further = () => new Lived('sellia-campaign').says().assigned().answers();
    world.run = further().state;
    expect(await open(false)).toBeNull();
    world.after = further().does({ type: 'cancel', category }, administrator).state;
    expect(await open(false)).toContainEqual(ended);
  });

  test.each(['TARGET_UNAVAILABLE', 'CAPACITY_FULL'] as const)(
    'D4: a dry run of a hand-over refuses as the command would: %s',
    async (refused) => {
      world.room = { refused };
      const dry = () => said(commands.reassign(ask(administrator, undefined, true), { to: 'agent-2' }, 'token'));
      expect(await dry()).toBe(refused);
      world.state = new Lived('sellia-campaign').says().does(
        { type: 'assign', to: 'agent-2', lease: { granted: 'l' } },
        {
          ...{ kind: 'system', id: 'system', role: 'system', scopes: [] },
        },
      ).state;
      expect(await dry()).toBe('unchanged');
    },
  );
});
