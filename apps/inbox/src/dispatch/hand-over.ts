import { Inject, Injectable } from '@nestjs/common';
import type { MessageAnswer, MessageUpdate, PausedRoom, PlacedMessage, Previous } from '@parley/contracts/protocol';
import { decide } from '@parley/domain/decide';
import { placeMessage } from '@parley/domain/place';
import { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import { SETTINGS } from '@parley/service/tokens';
import type { Settings } from '@parley/contracts/settings';
import { Archive } from '../archive/archive.store.js';
import { EpisodeStarts } from '../configuration/episode-starts.js';
import { PausedLeases } from '../capacity/paused-leases.js';
import { type Claim, Claims } from './claims.js';
import type { Handed, InHand } from './in-hand.js';

export type Placed = Extract<MessageAnswer, { kind: 'placed' }>;
export type Refused = Extract<MessageAnswer, { kind: 'refused' }>;

/** What became of a message that was handed over. */
export type Given =
  | Settled<'placed', Placed>
  | Settled<'refused', Refused>
  /** Not now. `alarm`: somebody must look, it does not pass by itself. */
  | { kind: 'again'; why: string; soon: boolean; wasSent: boolean; alarm: boolean };

/** `broughtRoom`: a lease of its agent's room went with it, to be used or given back. */
export interface Settled<K, A> {
  kind: K;
  answer: A;
  broughtRoom: boolean;
}

const later = (why: string, more: Partial<Extract<Given, { kind: 'again' }>> = {}): Given => ({
  kind: 'again',
  why,
  soon: false,
  wasSent: false,
  alarm: false,
  ...more,
});

/** One message to its conversation: an Update, and where there is no run one that starts it, with the thread's past. */
@Injectable()
export class HandOver {
  constructor(
    private readonly temporal: ConversationClient,
    private readonly archive: Archive,
    private readonly starts: EpisodeStarts,
    private readonly leases: PausedLeases,
    private readonly claims: Claims,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  give(claim: Claim, inHand: InHand): Promise<Given> {
    return inHand.message.author === 'agent' ? this.#fromAgent(claim, inHand) : this.#fromVisitor(claim, inHand);
  }

  async #fromAgent(claim: Claim, { message, handedAt }: InHand): Promise<Given> {
    const { conversationId, guards } = message;
    const named = { ...(conversationId && { conversationId }), ...(guards && { guards }) };
    const update = { ...said(message, handedAt), ...named };
    const reply = await this.temporal.message(claim.tenant, claim.threadId, update);
    const isElsewhere =
      reply.kind === 'not-found' || (reply.kind === 'answer' && reply.answer.kind === 'unknown-conversation');
    return isElsewhere ? this.#fromArchive(message) : given(reply);
  }

  /** The run is gone: what it left behind says that an earlier attempt got its place, or why there is none. */
  async #fromArchive(message: Handed): Promise<Given> {
    const conversationId = message.conversationId ?? '';
    const thread = await this.archive.previousOf(message.tenant, message.threadId);
    const place = thread?.messages.find(({ messageId }) => messageId === message.id);
    if (place) return given({ kind: 'answer', answer: placedEarlier(place) });
    const found = await this.archive.find(message.tenant, conversationId);
    if (found.kind !== 'archived') return later(`conversation ${found.kind}`, { soon: true });
    const { state } = found;
    const command = { ...agentCommand(message), ...message.guards, type: 'message' } as const;
    const facts = { presence: { online: false, authenticated: false }, rulesVersion: 1 };
    const decision = decide(state, command, facts, new Date().toISOString());
    const reason = decision.kind === 'refused' ? decision.reason : 'NOT_ELIGIBLE_STATE';
    const { sequence: currentSequence, nextConversationId } = state;
    return given({ kind: 'answer', answer: { kind: 'refused', reason, currentSequence, nextConversationId } });
  }

  async #fromVisitor(claim: Claim, { message, handedAt, hasPast }: InHand): Promise<Given> {
    const { tenant, threadId } = claim;
    const resolved = await this.starts.resolve(tenant, claim.channelAccount, claim.contactId, message.campaign);
    const update: MessageUpdate = {
      ...said(message, handedAt),
      presence: { online: message.online, authenticated: message.authenticated },
      // An open conversation takes it without; what would begin an episode comes to the past first.
      ...(resolved.kind === 'resolved' && { start: resolved.start }),
    };
    const reply = await this.temporal.message(tenant, threadId, update);
    const hold = reply.kind === 'answer' && reply.answer.kind === 'hold' ? reply.answer : undefined;
    if (reply.kind === 'not-found' || hold?.why === 'previous-needed') {
      const lacking = resolved.kind === 'missing' ? resolved.what : undefined;
      return this.#withPast(claim, update, hasPast, lacking);
    }
    return hold?.why === 'lease-needed' ? this.#withRoom(claim, update, hold.paused) : given(reply);
  }

  /** Its conversation is paused: back to its agent where there is room (mission.md), else to the queue. */
  async #withRoom(claim: Claim, update: MessageUpdate, paused: PausedRoom): Promise<Given> {
    const lease = await this.leases.take(claim.tenant, paused, update.messageId);
    const handedAt = await this.claims.renew(claim);
    const reply = await this.temporal.message(claim.tenant, claim.threadId, { ...update, handedAt, lease });
    return given(reply, true);
  }

  /**
   * There is no run, or an empty one: only here runs are started, and only with what the archive knows. The claim is
   * proved once more, for a slow answer may have made the hand-over old. `lacking`: what a start would need and is not
   * known.
   */
  async #withPast(claim: Claim, update: MessageUpdate, hasPast: boolean, lacking?: string): Promise<Given> {
    const { tenant, threadId } = claim;
    const handedAt = await this.claims.renew(claim);
    const previous = await this.archive.previousOf(tenant, threadId);
    if (lacking !== undefined && begins(previous, update)) return later(`no ${lacking} is known`, { alarm: true });
    if (!previous && hasPast) return later('the archive does not know the past of this thread', { alarm: true });
    const { PARLEY_LINGER_MS: lingerMs, PARLEY_HANDED_MS: handedMs } = this.settings;
    const reply = await this.temporal.messageWithStart(
      tenant,
      threadId,
      { ...update, handedAt, previous: previous ?? null },
      { tenant, threadId, lingerMs, handedMs },
    );
    return given(reply);
  }
}

/** Neither placed by an earlier attempt nor for a conversation that is open: only such a message needs a start. */
const begins = (previous: Previous | undefined, { messageId }: MessageUpdate): boolean =>
  placeMessage(previous?.newest) !== 'join' && !previous?.messages.some((placed) => placed.messageId === messageId);

/** Every answer decides; every other reply leaves it to the next attempt, with the same updateId. */
function given(reply: Reply<MessageAnswer>, broughtRoom = false): Given {
  if (reply.kind === 'unknown-outcome') return later(reply.why, { wasSent: true, soon: true });
  if (reply.kind === 'unavailable') return later(reply.why);
  if (reply.kind === 'not-found') return later('no run took it', { soon: true });
  const { answer } = reply;
  switch (answer.kind) {
    case 'placed':
      return { kind: 'placed', answer, broughtRoom };
    case 'refused':
      return { kind: 'refused', answer, broughtRoom };
    case 'hold':
      return later(answer.why, { soon: true });
    case 'unknown-conversation':
      return later('unknown conversation', { soon: true });
  }
}

const placedEarlier = ({ conversationId, afterSequence, messageNumber, decidedAt }: PlacedMessage): Placed => ({
  kind: 'placed',
  conversationId,
  afterSequence,
  messageNumber,
  decidedAt,
  outcome: 'message-sent',
  sequence: afterSequence,
  leaseUsed: false,
});

const said = (message: Handed, handedAt: string): MessageUpdate => ({
  messageId: message.id,
  author: message.author,
  caller: message.caller,
  acceptedAt: message.acceptedAt.toISOString(),
  length: message.length,
  handedAt,
  ...(message.traceparent && { traceparent: message.traceparent }),
});

const agentCommand = (message: Handed) => ({
  commandId: `msg:${message.id}`,
  caller: message.caller,
  messageId: message.id,
  author: message.author,
  agentId: message.caller.id,
  acceptedAt: message.acceptedAt.toISOString(),
  length: message.length,
});
