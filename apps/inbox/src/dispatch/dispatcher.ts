import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { isUnavailable } from '@parley/persistence/unavailable';
import { DATABASE, HEARD } from '../parts.js';
import { BEAT_MS, type Claim, ClaimLost, Claims } from './claims.js';
import { DispatchMetrics } from './dispatch.metrics.js';
import { type Given, HandOver } from './hand-over.js';
import type { InHand } from './in-hand.js';
import { Placing } from './placing.js';
import { Wakeable } from '../wakeable.js';

/** So many threads at once; a thread's messages go one after the other. */
const THREADS_AT_ONCE = 32;
/** While all are taken, one thread goes on for so long at most: however fast it refills, others have their turn. */
const TURN_MESSAGES = 50;
const TURN_MS = 1_000;
/** For what another process left behind; whatever moves here wakes it. */
const SWEEP_MS = 2_000;
/** By an error of ours or of the database; whether it was sent nobody knows. */
const INTERRUPTED = { kind: 'again', why: 'interrupted', soon: false, wasSent: true, alarm: false } as const;
/** From here on somebody should look, whatever the reason. */
const ALARM_ATTEMPTS = 10;

/** A held thread is told when it begins to alarm, then whenever it has tried twice as often; the metric stays. */
export function isToldAt(attempts: number, alarm: boolean): boolean {
  const times = attempts / (alarm ? 1 : ALARM_ATTEMPTS);
  return times >= 1 && Number.isInteger(Math.log2(times));
}

/**
 * Hands every stored message over to its conversation, in order per thread, again and again until it has its place.
 * Several replicas share the threads; only here are runs started (architecture.md, decision 5).
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #inHand = new Map<Promise<void>, Claim>();
  #beating: NodeJS.Timeout | undefined;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly claims: Claims,
    private readonly handOver: HandOver,
    private readonly placing: Placing,
    private readonly metrics: DispatchMetrics,
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => this.#trouble('the dispatcher cannot look', error));
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.thread, () => this.#loop.wake());
    this.shutdown.on('workers', () => this.stop());
    this.#loop.start(() => this.#claimMore());
    this.#beating = setInterval(() => void this.#beat(), BEAT_MS);
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#inHand.keys());
    clearInterval(this.#beating);
  }

  async #beat(): Promise<void> {
    if (this.#inHand.size === 0) return;
    await this.claims
      .keepAll(this.#inHand.values())
      .catch((error: unknown) => this.#trouble('claims could not be kept', error));
  }

  /** Whether there may be more that could be claimed at once. */
  async #claimMore(): Promise<boolean> {
    const room = THREADS_AT_ONCE - this.#inHand.size;
    if (room === 0) {
      await Promise.race(this.#inHand.keys());
      return true;
    }
    const { taken, isFull } = await this.claims.claim(room);
    for (const { claim, inHand } of taken) this.#begin(claim, inHand);
    return isFull;
  }

  #begin(claim: Claim, inHand: InHand): void {
    const serving = this.#serve(claim, inHand)
      .catch((error: unknown) => {
        // The claim runs out by itself, for nobody renews it any more, and the messages are still there.
        if (!(error instanceof ClaimLost)) this.#trouble('a thread could not be served', error);
      })
      .finally(() => this.#inHand.delete(serving));
    this.#inHand.set(serving, claim);
  }

  async #serve(claim: Claim, first: InHand): Promise<void> {
    const endsAt = performance.now() + TURN_MS;
    let given = 0;
    const goesOn = (): boolean => {
      given += 1;
      const isTurnOver = given >= TURN_MESSAGES || performance.now() >= endsAt;
      return !this.#loop.isStopping && !(isTurnOver && this.#inHand.size >= THREADS_AT_ONCE);
    };
    for (let inHand: InHand | undefined = first; inHand;) inHand = await this.#handOn(claim, inHand, goesOn);
  }

  /** Answers the next message of the thread, when it goes on at once. */
  async #handOn(claim: Claim, inHand: InHand, goesOn: () => boolean): Promise<InHand | undefined> {
    try {
      return await this.#keep(claim, inHand, await this.handOver.give(claim, inHand), goesOn());
    } catch (error) {
      if (error instanceof ClaimLost) throw error;
      this.#trouble('a message was interrupted', error);
      await this.#putBack(claim, inHand, INTERRUPTED);
      return undefined;
    }
  }

  async #keep(claim: Claim, inHand: InHand, given: Given, goesOn: boolean): Promise<InHand | undefined> {
    const { message } = inHand;
    if (given.kind === 'again') {
      await this.#putBack(claim, inHand, given);
      return undefined;
    }
    const next =
      given.kind === 'placed'
        ? await this.placing.placed(claim, inHand, given, goesOn)
        : await this.placing.refused(claim, inHand, given, goesOn);
    this.metrics.settled(message, given.kind);
    return next;
  }

  async #putBack(claim: Claim, { message }: InHand, given: Extract<Given, { kind: 'again' }>): Promise<void> {
    const { attempts, waitMs } = await this.claims.putBack(claim, message, given);
    this.#loop.wakeIn(waitMs);
    if (isToldAt(attempts, given.alarm))
      this.log.error({ threadId: claim.threadId, messageId: message.id, why: given.why, attempts }, 'a thread is held');
  }

  #trouble(what: string, error: unknown): void {
    this.log[isUnavailable(error) ? 'warn' : 'error']({ err: error }, what);
  }
}
