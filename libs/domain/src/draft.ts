import type { Actor } from '@parley/contracts/actor';
import type { Command, EpisodeStart } from '@parley/contracts/command';
import type { PendingReason, Status } from '@parley/contracts/conversation';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Policy } from '@parley/contracts/policy';

type Told =
  | 'time'
  | 'sequence'
  | 'tenantid'
  | 'threadid'
  | 'episode'
  | 'policyversion'
  | 'commandid'
  | 'causationid'
  | 'correlationid'
  | 'traceparent'
  | 'conversationId'
  | 'statusFrom'
  | 'statusTo'
  | 'actor'
  | 'reason'
  | 'channelAccount'
  | 'campaign'
  | 'group';

interface Own {
  /** Left out: stays where it is. */
  statusTo?: Status;
  /** Left out: none. */
  reason?: string;
  /** Left out: who commands. */
  actor?: Actor;
  /** Left out: the conversation's. */
  group?: string;
}
type DraftOf<E> = E extends LifecycleEvent ? Omit<E, Told> & Own : never;

/** An event as its rule writes it: what is particular to it. What every event of a life says is added by {@link seal}. */
export type Draft = DraftOf<LifecycleEvent>;

/** Where events are about to be added; a `Conversation` is one. */
export interface Life {
  conversationId: string;
  threadId: string;
  tenant: string;
  channelAccount: string;
  campaign: string;
  group: string;
  policy: Policy;
  episode: number;
  sequence: number;
  status: Status;
}

/** The workflow itself, when nobody commands (a deadline, an erasure). */
export const SYSTEM: Actor = { kind: 'system', id: 'system', role: 'system' };

export const actorOf = ({ kind, id, role }: Actor): Actor => ({ kind, id, role });

/** Drafts made events: numbered on from the life's sequence, each from the status that the one before left behind. */
export function seal(life: Life, command: Command, now: string, drafts: readonly Draft[]): LifecycleEvent[] {
  const events: LifecycleEvent[] = [];
  let { status } = life;
  for (const draft of drafts) {
    const statusFrom = draft.type === 'conversation.started' ? null : status;
    const statusTo = draft.statusTo ?? status;
    events.push({ ...told(life, command, now, events.length), ...draft, statusFrom, statusTo });
    status = statusTo;
  }
  return events;
}

function told(life: Life, command: Command, now: string, index: number) {
  return {
    time: now,
    sequence: life.sequence + 1 + index,
    tenantid: life.tenant,
    threadid: life.threadId,
    episode: life.episode,
    policyversion: life.policy.version,
    commandid: command.commandId,
    // What follows in the same breath was caused by the first.
    ...(index > 0 && { causationid: `${life.conversationId}:${life.sequence + 1}` }),
    ...(command.correlationid !== undefined && { correlationid: command.correlationid }),
    ...(command.traceparent !== undefined && { traceparent: command.traceparent }),
    conversationId: life.conversationId,
    actor: actorOf(command.caller),
    reason: null,
    channelAccount: life.channelAccount,
    campaign: life.campaign,
    group: life.group,
  };
}

/** What `started` and `reactivated` pin. */
export const pinned = ({ policy, contactId, channelKind, surveyOn, paidPerConversation }: EpisodeStart) => ({
  policy,
  contactId,
  channelKind,
  surveyOn,
  paidPerConversation,
});

export const queued = (pendingReason: PendingReason, reason: string = pendingReason) =>
  ({ type: 'conversation.queued', statusTo: 'pending', reason, pendingReason }) as const satisfies Draft;
