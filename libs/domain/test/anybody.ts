import fc from 'fast-check';
import { COMMANDS, type Command, type EpisodeStart, type Lease } from '@parley/contracts/command';
import type { Status } from '@parley/contracts/conversation';
import { PresetName, type Policy } from '@parley/contracts/policy';
import type { Conversation } from '@parley/contracts/state';
import { ownerOf } from '../src/conversation.js';
import { presets } from '../src/presets.js';
import {
  administrator,
  agent,
  ana,
  auditor,
  ben,
  given,
  manager,
  program,
  superAdministrator,
  system,
  visitor,
} from './given.js';
import type { Thread } from './thread.js';

/** What anybody may send to a thread, for the model test: three of four as somebody who means it, the fourth at random. */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
type Type = Command['type'];

/** What a conversation hears from people who see how it stands. */
const PLAUSIBLE: Record<Status, Type[]> = {
  bot: ['handOver', 'handOver', 'handOver', 'visitorLeft', 'close'],
  pending: ['assign', 'assign', 'assign', 'assign', 'requeue', 'close', 'cancel', 'reassign', 'qualify'],
  assigned: ['message', 'message', 'message', 'pause', 'reassign', 'returnToQueue', 'endSession', 'cancel'],
  active: [
    'message',
    'message',
    'pause',
    'pause',
    'reassign',
    'qualify',
    'addNote',
    'trackTransaction',
    'close',
    'cancel',
    'endSession',
  ],
  paused: ['resume', 'assign', 'reassign', 'close', 'addNote'],
  'wrap-up': ['close', 'addNote', 'qualify', 'answerSurvey', 'rate'],
  closed: ['close', 'qualify', 'addNote', 'trackTransaction', 'answerSurvey', 'rate'],
  cancelled: ['cancel', 'qualify', 'addNote', 'trackTransaction', 'rate'],
};
const EVERY = Object.keys(COMMANDS).filter((type) => type !== 'start' && type !== 'reactivate') as Type[];

const stranger = { ...agent('eva'), scopes: ['team:experts'] };
const bare = { ...program, scopes: ['read:events'] };
const ANYBODY = [
  ana,
  ben,
  manager,
  administrator,
  superAdministrator,
  system,
  program,
  visitor,
  auditor,
  stranger,
  bare,
];
const SUPERVISORS = [manager, superAdministrator, superAdministrator];
const BY_SYSTEM: Type[] = ['requeue', 'handOver', 'deadline', 'visitorLeft', 'answerSurvey', 'erase'];

const LEASES: (Lease | undefined)[] = [
  { granted: 'lease' },
  { refused: 'CAPACITY_FULL' },
  { refused: 'TARGET_UNAVAILABLE' },
  undefined,
];
const someLease = fc.oneof(
  { weight: 3, arbitrary: fc.constant(LEASES[0]) },
  { weight: 1, arbitrary: fc.constantFrom(...LEASES) },
);
const seldom = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 15 });
const rarely = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const EDITS: Policy['editsAfterClose'][] = [[], ['tags'], ['tags', 'notes']];
const VERBS: Policy['integrationVerbs'][] = [[], ['pause', 'close', 'cancel', 'reassign']];
const WARNINGS: number[][] = [[], [HOUR_MS, DAY_MS], [DAY_MS]];

const someStart = fc
  .record({
    name: fc.constantFrom(...PresetName.options),
    version: fc.integer({ min: 1, max: 3 }),
    pause: fc.boolean(),
    pauseReleasesCapacity: fc.boolean(),
    inactivityMs: fc.constantFrom(null, HOUR_MS, 7 * DAY_MS),
    inactivityWarningsMs: fc.constantFrom(...WARNINGS),
    endSession: fc.boolean(),
    comment: fc.constantFrom('off', 'optional', 'required'),
    categoryToClose: fc.constantFrom('optional', 'optional', 'required'),
    editsAfterClose: fc.constantFrom(...EDITS),
    integrationVerbs: fc.constantFrom(...VERBS),
    flowSteps: fc.constantFrom(0, 0, 1),
    paidPerConversation: fc.boolean(),
    surveyOn: fc.boolean(),
    channelKind: fc.constantFrom('site', 'third-party'),
  })
  .map(({ paidPerConversation, surveyOn, channelKind, ...values }): EpisodeStart => {
    const inactivityFrom = presets['iadvize-social'].inactivityFrom;
    const policy: Policy = { ...presets[values.name], inactivityFrom, ...values };
    return { ...given().world.start, policy, paidPerConversation, surveyOn, channelKind };
  });

const someCommand = fc.record({
  plausible: seldom(fc.nat(1000)),
  wild: fc.constantFrom(...EVERY),
  wildCaller: rarely(fc.constantFrom(...ANYBODY)),
  supervisor: fc.option(fc.constantFrom(...SUPERVISORS), { nil: undefined, freq: 2 }),
  back: fc.constantFrom(0, 0, 0, 0, 1, 2),
  to: fc.constantFrom('ana', 'ben'),
  lease: someLease,
  said: fc.record({
    episode: rarely(fc.constantFrom(1, 2)),
    ifSequence: rarely(fc.constant(3)),
    tags: fc.constantFrom(undefined, [], ['refund'], ['refund', 'late']),
    category: fc.constantFrom(undefined, 'order', 'order', 'spam'),
    subcategory: rarely(fc.constant('late')),
    subcategoryOf: fc.constantFrom('order', null),
    noteId: fc.constantFrom(undefined, 'note-1', 'note-2'),
    commentId: rarely(fc.constant('comment-1')),
    bulk: rarely(fc.boolean()),
  }),
});
export const someAction = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('command' as const), command: someCommand }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('visitor' as const), start: someStart, lease: someLease }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1000, HOUR_MS) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'timer' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('presence' as const), online: fc.boolean(), authenticated: fc.boolean() }),
  },
);
type ActionOf<A> = A extends fc.Arbitrary<infer T> ? T : never;
export type Action = ActionOf<typeof someAction>;
type Asked = Extract<Action, { kind: 'command' }>['command'];

/** What it does to the thread. */
export function act(thread: Thread, action: Action): void {
  switch (action.kind) {
    case 'wait':
      return thread.wait(action.ms);
    case 'timer':
      return thread.timerFires();
    case 'presence':
      thread.presence = { online: action.online, authenticated: action.authenticated };
      return;
    case 'visitor':
      return thread.visitorWrites(action.start, action.lease);
    case 'command': {
      const held = thread.conversations.at(-1 - action.command.back) ?? thread.newest;
      if (held) thread.command(held, commandOf(held.state, action.command, thread.now));
    }
  }
}

/** A command as its sender would fill it in. */
function commandOf(state: Conversation, asked: Asked, now: string): Command {
  const { to, lease, said, supervisor } = asked;
  const choices = PLAUSIBLE[state.status];
  const type = asked.plausible === undefined ? asked.wild : (choices[asked.plausible % choices.length] ?? asked.wild);
  const caller = asked.wildCaller ?? meant(state, type, supervisor, to);
  const author = caller.kind === 'agent' || caller.kind === 'integration' ? 'agent' : 'visitor';
  const byType: Partial<Record<Type, object>> = {
    message: { author, agentId: ownerOf(state) ?? undefined, messageId: 'msg_1', acceptedAt: now, length: 1, lease },
    requeue: { pendingReason: 'icr' },
    assign: { to: caller.kind === 'agent' ? caller.id : to, lease: lease ?? { granted: 'lease' } },
    resume: { lease: lease ?? { granted: 'lease' } },
    reassign: { to, lease },
    addNote: { noteId: said.noteId ?? 'note-1' },
    trackTransaction: { transactionId: 'sale', amountMinor: 100, currency: 'EUR', at: now },
    answerSurvey: { surveyId: 'survey', score: 3 },
    rate: { exchange: 3, tool: 5 },
    close: state.policy.comment === 'required' && said.tags ? { commentId: 'comment-1' } : {},
    cancel: state.policy.comment === 'required' && said.tags ? { commentId: 'comment-1' } : {},
  };
  return { type, commandId: 'cmd:1', caller, ...said, ...byType[type] } as Command;
}

function meant(state: Conversation, type: Type, supervisor: typeof manager | undefined, to: string) {
  if (type === 'assign') return state.status === 'paused' ? agent(to) : system;
  if (BY_SYSTEM.includes(type)) return system;
  if (type === 'cancel') return superAdministrator;
  const owner = ownerOf(state);
  return supervisor !== undefined && (owner === null || type === 'close') ? supervisor : agent(owner ?? 'ana');
}
