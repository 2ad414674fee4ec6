import type { Caller } from '@parley/contracts/actor';
import type { Command, CommandOf, CommandType, EpisodeStart, Lease } from '@parley/contracts/command';
import type { PendingReason, Presence } from '@parley/contracts/conversation';
import type { EventOf, LifecycleEvent, LifecycleEventType } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { PolicyValues, PresetName } from '@parley/contracts/policy';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import { expect } from '@jest/globals';
import { ownerOf } from '../src/conversation.js';
import { decide } from '../src/decide.js';
import type { Decision } from '../src/decision.js';
import { plusMs } from '../src/due-at.js';
import { evolve } from '../src/evolve.js';
import { presets } from '../src/presets.js';

/**
 * given(how it stands).when(a command).then: what happened. Everything goes through `decide` and `evolve`, without a
 * mock; a step of `given` that is refused is a mistake of the test and throws.
 */
export interface World {
  start: EpisodeStart;
  presence: Presence;
  now: string;
  state: Conversation | undefined;
  life: LifecycleEvent[];
  said: MessageEvent[];
}
export type Step = (world: World) => World;
/** A command in the making: what it says depends on where the conversation stands. */
export type Order = (world: World) => Command;

export const T0 = '2026-11-21T10:00:00.000Z';
export const DAY_MS = 86_400_000;
export const THREAD = 'th_7Qm0000000000000000000';
export const CONVERSATION = 'cnv_7Qm00000000000000000000123456789ab1';

// Who
const caller = (kind: Caller['kind'], role: Caller['role'], id: string, ...scopes: string[]): Caller => ({
  kind,
  id,
  role,
  scopes,
});
export const visitor = caller('visitor', 'visitor', 'con_1');
export const agent = (id: string): Caller => caller('agent', 'agent', id, 'team:support');
export const ana = agent('ana');
export const ben = agent('ben');
export const manager = caller('supervisor', 'manager', 'manager-1', 'team:support');
export const administrator = caller('supervisor', 'administrator', 'administrator-1', 'campaign:summer');
export const superAdministrator = caller('supervisor', 'super-administrator', 'super-administrator-1', 'tenant');
export const auditor = caller('supervisor', 'auditor', 'auditor-1');
export const program = caller(
  'integration',
  'integration',
  'integration-1',
  'channel:write',
  ...['pause', 'close', 'cancel', 'reassign', 'qualify'].map((verb) => `lifecycle:${verb}`),
);
export const system = caller('system', 'system', 'system');

// How it stands
const started: EpisodeStart = {
  policy: { name: 'iadvize-onsite', version: 3, ...presets['iadvize-onsite'] },
  channelAccount: 'site',
  channelKind: 'site',
  surveyOn: true,
  campaign: 'summer',
  paidPerConversation: false,
  group: 'support',
  contactId: 'con_1',
  pendingReason: 'in-queue',
};
const startWith =
  (change: Partial<EpisodeStart>): Step =>
  (world) => ({ ...world, start: { ...world.start, ...change } });
export const policy =
  (values: Partial<PolicyValues>): Step =>
  (world) =>
    startWith({ policy: { ...world.start.policy, ...values } })(world);
export const preset = (name: PresetName, values: Partial<PolicyValues> = {}): Step =>
  startWith({ policy: { name, version: 3, ...presets[name], ...values } });
export const social: Step = (world) => startWith({ channelKind: 'third-party' })(preset('iadvize-social')(world));
export const sellia = preset('sellia-campaign');
export const zendesk = preset('zendesk-messaging', { endSession: true });
export const onPaidCampaign = startWith({ paidPerConversation: true });
export const surveyOff = startWith({ surveyOn: false });
export const onThirdParty = startWith({ channelKind: 'third-party' });
export const waitingFor = (pendingReason: PendingReason): Step => startWith({ pendingReason });
export const visitorIs =
  (presence: Partial<Presence>): Step =>
  (world) => ({ ...world, presence: { ...world.presence, ...presence } });
export const after =
  (ms: number): Step =>
  (world) => ({ ...world, now: plusMs(world.now, ms) });

// What was done
/** A visitor's message starts it, as the workflow would. */
export const visitorWrote: Step = (world) => {
  const placed = perform(world, world.state === undefined ? start : message());
  return fold(placed, said(placed, 'visitor', null));
};
export const agentWrote =
  (who: Caller): Step =>
  (world) => {
    const placed = perform(world, message({ caller: who, author: 'agent' }));
    return fold(placed, said(placed, 'agent', who.id));
  };
export const expertWrote = agentWrote;
export const customerReturned: Step = (world) => {
  const placed = perform(world, reactivate);
  return fold(placed, said(placed, 'visitor', null));
};
export const done =
  (order: Order): Step =>
  (world) =>
    perform(world, order);
export const assignedTo = (who: Caller): Step => done(assign({ to: who.id }));
export const hasNext: Step = (world) => ({ ...world, state: { ...stateOf(world), nextConversationId: 'cnv_next' } });

// Commands
type Fields<T extends CommandType> = Partial<Omit<CommandOf<T>, 'type'>>;
const base = { commandId: 'cmd:1' };
export const granted: Lease = { granted: 'lease-1' };
export const noRoom: Lease = { refused: 'CAPACITY_FULL' };
export const offline: Lease = { refused: 'TARGET_UNAVAILABLE' };
const spoken = (world: World) => ({ messageId: `msg_${world.said.length + 1}`, acceptedAt: world.now, length: 5 });

export const start: Order = (world) => ({
  type: 'start',
  ...base,
  caller: visitor,
  author: 'visitor',
  ...spoken(world),
  tenant: 'demo',
  threadId: THREAD,
  conversationId: CONVERSATION,
  start: world.start,
  previousConversationId: null,
});
export const reactivate: Order = (world) => ({
  type: 'reactivate',
  ...base,
  caller: visitor,
  author: 'visitor',
  ...spoken(world),
  start: world.start,
});
export const message =
  (fields: Fields<'message'> = {}): Order =>
  (world) => ({
    type: 'message',
    ...base,
    caller: visitor,
    author: 'visitor',
    ...spoken(world),
    ...fields,
  });
/** Commands whose caller, left out, is the agent whose conversation it is. */
const byOwner = (world: World): Caller => agent((world.state && ownerOf(world.state)) ?? 'ana');
export const assign =
  (fields: Fields<'assign'> = {}): Order =>
  () => ({ type: 'assign', ...base, caller: system, to: 'ana', lease: granted, ...fields });
export const pick = (who: Caller, lease: Lease = granted): Order => assign({ caller: who, to: who.id, lease });
export const reassign =
  (fields: Fields<'reassign'> = {}): Order =>
  () => ({ type: 'reassign', ...base, caller: manager, to: 'ben', lease: granted, ...fields });
export const pause =
  (fields: Fields<'pause'> = {}): Order =>
  (world) => ({ type: 'pause', ...base, caller: byOwner(world), ...fields });
export const resume =
  (fields: Fields<'resume'> = {}): Order =>
  (world) => ({ type: 'resume', ...base, caller: byOwner(world), lease: granted, ...fields });
export const returnToQueue =
  (fields: Fields<'returnToQueue'> = {}): Order =>
  (world) => ({ type: 'returnToQueue', ...base, caller: byOwner(world), ...fields });
export const handOver =
  (fields: Fields<'handOver'> = {}): Order =>
  () => ({ type: 'handOver', ...base, caller: program, ...fields });
export const requeue =
  (pendingReason: PendingReason, fields: Fields<'requeue'> = {}): Order =>
  () => ({ type: 'requeue', ...base, caller: system, pendingReason, ...fields });
export const close =
  (fields: Fields<'close'> = {}): Order =>
  (world) => ({ type: 'close', ...base, caller: byOwner(world), ...fields });
export const closeBy = (who: Caller, fields: Fields<'close'> = {}): Order => close({ caller: who, ...fields });
export const cancel =
  (fields: Fields<'cancel'> = {}): Order =>
  () => ({ type: 'cancel', ...base, caller: administrator, category: 'spam', ...fields });
export const endSession =
  (fields: Fields<'endSession'> = {}): Order =>
  (world) => ({ type: 'endSession', ...base, caller: byOwner(world), ...fields });
export const visitorLeft =
  (fields: Fields<'visitorLeft'> = {}): Order =>
  () => ({ type: 'visitorLeft', ...base, caller: visitor, ...fields });
export const deadline =
  (fields: Fields<'deadline'> = {}): Order =>
  () => ({ type: 'deadline', ...base, caller: system, ...fields });
export const qualify =
  (fields: Fields<'qualify'>): Order =>
  (world) => ({ type: 'qualify', ...base, caller: byOwner(world), ...fields });
export const addNote =
  (fields: Fields<'addNote'> = {}): Order =>
  (world) => ({ type: 'addNote', ...base, caller: byOwner(world), noteId: 'note-1', ...fields });
export const trackTransaction =
  (fields: Fields<'trackTransaction'> = {}): Order =>
  (world) => ({
    type: 'trackTransaction',
    ...base,
    caller: program,
    transactionId: 'sale-1',
    amountMinor: 1999,
    currency: 'EUR',
    at: world.now,
    ...fields,
  });
export const answerSurvey =
  (fields: Fields<'answerSurvey'> = {}): Order =>
  () => ({ type: 'answerSurvey', ...base, caller: system, surveyId: 'survey-1', score: 5, ...fields });
export const rate =
  (fields: Fields<'rate'> = {}): Order =>
  (world) => ({ type: 'rate', ...base, caller: byOwner(world), exchange: 4, tool: null, ...fields });
export const erase =
  (fields: Fields<'erase'> = {}): Order =>
  () => ({ type: 'erase', ...base, caller: system, ...fields });

// What happened
/** An event of this type that says at least this. */
export const event = <T extends LifecycleEventType>(type: T, fields: Partial<EventOf<T>> = {}): unknown =>
  expect.objectContaining({ type, ...fields });
export const closed = (fields: Partial<EventOf<'conversation.closed'>> = {}): unknown =>
  event('conversation.closed', fields);
export const cancelled = (fields: Partial<EventOf<'conversation.cancelled'>> = {}): unknown =>
  event('conversation.cancelled', fields);
export const paymentVoided = (expert: string): unknown => event('conversation.payment-voided', { expert });
export const surveyRequested = event('conversation.survey-requested');
export const surveySuppressed = (suppression: EventOf<'conversation.survey-suppressed'>['suppression']): unknown =>
  event('conversation.survey-suppressed', { suppression });
export const refused = (reason: ReasonCode): Decision => ({ kind: 'refused', reason });
export const unchanged: Decision = { kind: 'unchanged', outcome: 'unchanged', record: null };

export interface Outcome {
  decision: Decision;
  /** The events, empty when there is none. */
  then: LifecycleEvent[];
  before: Conversation | undefined;
  /** The state afterwards. */
  state: Conversation;
  world: World;
}
export function given(...steps: Step[]) {
  const fresh: World = {
    start: started,
    presence: { online: false, authenticated: false },
    now: T0,
    state: undefined,
    life: [],
    said: [],
  };
  const world = steps.reduce((before, step) => step(before), fresh);
  return {
    world,
    get state(): Conversation {
      return stateOf(world);
    },
    when(order: Order): Outcome {
      const decision = decide(world.state, order(world), { presence: world.presence, rulesVersion: 1 }, world.now);
      const events = decision.kind === 'decided' ? decision.events : [];
      const next = events.reduce(fold, world);
      return {
        decision,
        then: events,
        before: world.state,
        world: next,
        get state() {
          return stateOf(next);
        },
      };
    },
  };
}

export function stateOf({ state }: World): Conversation {
  if (state === undefined) throw new Error('nothing has started yet');
  return state;
}

export function perform(world: World, order: Order): World {
  const command = order(world);
  const decision = decide(world.state, command, { presence: world.presence, rulesVersion: 1 }, world.now);
  if (decision.kind !== 'decided') throw new Error(`${command.type} came to ${JSON.stringify(decision)}`);
  return decision.events.reduce(fold, world);
}

export function fold(world: World, one: LifecycleEvent | MessageEvent): World {
  const next = { ...world, state: evolve(world.state, one) };
  return 'messageNumber' in one ? { ...next, said: [...world.said, one] } : { ...next, life: [...world.life, one] };
}

/** The message's place, as the workflow makes it. */
export function said(world: World, author: 'visitor' | 'agent', agentId: string | null): MessageEvent {
  const state = stateOf(world);
  return {
    type: author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
    time: world.now,
    acceptedAt: world.now,
    tenantid: state.tenant,
    threadid: state.threadId,
    conversationId: state.conversationId,
    messageId: `msg_${state.lastMessageNumber + 1}`,
    messageNumber: state.lastMessageNumber + 1,
    afterSequence: state.sequence,
    author,
    agentId,
    length: 5,
    channelAccount: state.channelAccount,
  };
}
