import type { EffectCode, EffectData } from '@parley/contracts/conversation';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Policy } from '@parley/contracts/policy';
import type { Conversation } from '@parley/contracts/state';
import { holderOf, isHandled } from './conversation.js';
import { evolve } from './evolve.js';

export interface Effect {
  code: EffectCode;
  data: EffectData;
}

/** Whose messaging room the events free and take: an agent id or null. The same agent before and after is neither. */
export function capacityOf(
  before: Conversation | undefined,
  events: readonly LifecycleEvent[],
): { freed: string | null; held: string | null } {
  const after = events.reduce<Conversation | undefined>(evolve, before);
  const freed = before === undefined ? null : holderOf(before);
  const held = after === undefined ? null : holderOf(after);
  return freed === held ? { freed: null, held: null } : { freed, held };
}

/** A6: what a command set off, or in a dry run would set off; the service adds the words. */
export function effectsOf(before: Conversation | undefined, events: readonly LifecycleEvent[]): Effect[] {
  const after = events.reduce<Conversation | undefined>(evolve, before);
  if (after === undefined) return [];
  const { freed, held } = capacityOf(before, events);
  return [
    ...events.flatMap((event) => effectsOfEvent(event, after.policy)),
    ...capacity('capacity-freed', freed),
    ...capacity('capacity-held', held),
    ...panel(before, after),
  ];
}

const capacity = (code: 'capacity-freed' | 'capacity-held', agentId: string | null): Effect[] =>
  agentId === null ? [] : [{ code, data: { agentId, kind: 'messaging' } }];

function effectsOfEvent(event: LifecycleEvent, policy: Policy): Effect[] {
  if (event.type === 'conversation.closed' || event.type === 'conversation.cancelled')
    return [{ code: 'counts-for', data: { agentId: event.statsAgent } }, ...visitorTold(policy)];
  if (event.type === 'conversation.survey-requested') return [{ code: 'survey-requested', data: {} }];
  if (event.type === 'conversation.survey-suppressed')
    return [{ code: 'survey-suppressed', data: { reason: event.suppression } }];
  return event.type === 'conversation.payment-voided'
    ? [{ code: 'expert-unpaid', data: { agentId: event.expert } }]
    : [];
}

/** B2: told, and where it is a window it reduces by itself. E11: not told. */
function visitorTold({ visitorNotice: how, reduceAfterMs }: Policy): Effect[] {
  if (how === 'none') return [];
  return [{ code: 'visitor-told', data: { how, reduceAfterMs: how === 'message-and-reduce' ? reduceAfterMs : null } }];
}

/** A7, B10. In wrap-up the ticket stays on its agent's desk. */
function panel(before: Conversation | undefined, after: Conversation): Effect[] {
  const leaves = before !== undefined && isOnPanel(before) && !isOnPanel(after);
  const stays = leaves && after.status === 'paused';
  return [
    ...(leaves ? [{ code: 'leaves-panel', data: {} } as const] : []),
    ...(stays ? [{ code: 'stays-in-picking-list', data: {} } as const] : []),
  ];
}

const isOnPanel = (state: Conversation): boolean => isHandled(state) || state.status === 'wrap-up';
