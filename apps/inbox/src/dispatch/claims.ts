import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '@parley/persistence/database';
import { DATABASE, FRESH } from '../parts.js';
import { MessageRow } from './message.entity.js';

/** A thread that this process dispatches: nobody else does until the claim runs out, and then this epoch is over. */
export interface Claim {
  tenant: string;
  threadId: string;
  contactId: string;
  channelAccount: string;
  epoch: number;
}

/** The next message of a claimed thread, on its way since `handedAt`. */
export interface InHand {
  message: MessageRow;
  /** Taken before the claim was proved: whoever froze in between carries an old instant, and a run refuses it. */
  handedAt: string;
  /** Some message of the thread was placed before: a start needs what the archive knows. */
  hasPast: boolean;
  /** A conversation of the thread is paused, as far as we know: its agent may have room (mission.md). */
  isPaused: boolean;
}

export interface NotNow {
  why: string;
  /** It passes by itself within moments. */
  soon: boolean;
  wasSent: boolean;
}

/** How long a thread rests now, and after how many attempts in a row. */
export interface Rest {
  attempts: number;
  waitMs: number;
}

/** Somebody else has the thread by now: write nothing, start nothing. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** A process that was killed holds its threads so long; one that lives says so in time ({@link Claims.keepAll}). */
const LEASE_S = 6;
export const BEAT_MS = 2_000;
const WAITING = { state: { $in: ['stored', 'handed'] } } as const satisfies object;

@Injectable()
export class Claims {
  /** This process, among its replicas. */
  readonly #owner = randomUUID();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Up to so many threads whose turn it is and that nobody dispatches; those that wait longest first. */
  claim(limit: number): Promise<Claim[]> {
    return this.database.acrossTenants(async (em) => {
      const rows = await em.execute<
        { tenant: string; id: string; contact_id: string; channel_account: string; epoch: number }[]
      >(
        `with due as (
           select tenant, id from thread
           where waiting and next_attempt_at <= now() and (leased_until is null or leased_until < now())
           order by next_attempt_at limit ? for update skip locked)
         update thread set owner = ?, epoch = epoch + 1, leased_until = now() + interval '${LEASE_S} s'
         from due where thread.tenant = due.tenant and thread.id = due.id
         returning thread.tenant, thread.id, contact_id, channel_account, epoch`,
        [limit, this.#owner],
      );
      return rows.map(({ tenant, id, contact_id, channel_account, epoch }) => {
        return { tenant, threadId: id, contactId: contact_id, channelAccount: channel_account, epoch };
      });
    });
  }

  /** The first message that waits, marked as handed over; or none, and the thread is let go. @throws ClaimLost */
  next(claim: Claim): Promise<InHand | undefined> {
    const handedAt = new Date();
    return this.database.inTenant(claim.tenant, async (em) => {
      const hasPast = await this.prove(em, claim);
      return this.nextIn(em, claim, handedAt, hasPast);
    });
  }

  /** The same inside a transaction that has proved the claim since `handedAt`. */
  async nextIn(em: EntityManager, claim: Claim, handedAt: Date, hasPast: boolean): Promise<InHand | undefined> {
    const { tenant, threadId } = claim;
    const first = { ...FRESH, orderBy: { position: 'asc' }, limit: 1 } as const;
    const [message] = await em.find(MessageRow, { tenant, threadId, ...WAITING }, first);
    if (!message) {
      await em.execute(
        `update thread set waiting = false, owner = null, leased_until = null, attempts = 0,
           held_why = null, held_since = null where tenant = ? and id = ?`,
        [tenant, threadId],
      );
      return undefined;
    }
    if (!message.handedAt) await em.nativeUpdate(MessageRow, { tenant, id: message.id }, { handedAt, state: 'handed' });
    const paused = await em.execute<unknown[]>(
      `select 1 from conversation where tenant = ? and thread_id = ? and status = 'paused'`,
      [tenant, threadId],
    );
    return { message, handedAt: handedAt.toISOString(), hasPast, isPaused: paused.length > 0 };
  }

  /** While this process waits for answers: its threads stay its own. One that lost a claim meanwhile writes nothing more. */
  async keepAll(): Promise<void> {
    await this.database.acrossTenants((em) =>
      em.execute(
        `update thread set leased_until = now() + interval '${LEASE_S} s' where owner = ? and leased_until > now()`,
        [this.#owner],
      ),
    );
  }

  /** Proves the claim; answers the instant before it did. @throws ClaimLost */
  async renew(claim: Claim): Promise<string> {
    const handedAt = new Date().toISOString();
    await this.database.inTenant(claim.tenant, (em) => this.prove(em, claim));
    return handedAt;
  }

  /** Renews the claim inside a transaction that writes a result; answers whether the thread has a past. @throws ClaimLost */
  async prove(em: EntityManager, claim: Claim): Promise<boolean> {
    return this.#update(em, claim, `leased_until = now() + interval '${LEASE_S} s'`);
  }

  /** The same, and the thread has moved: one more message has its place. @throws ClaimLost */
  async proveMoved(em: EntityManager, claim: Claim): Promise<void> {
    await this.#update(
      em,
      claim,
      `leased_until = now() + interval '${LEASE_S} s', has_past = true, unpublished = true, attempts = 0,
       held_why = null, held_since = null`,
    );
  }

  /** The process stops between two messages: any other may go on at once. @throws ClaimLost */
  async letGo(em: EntityManager, claim: Claim): Promise<void> {
    await this.#update(em, claim, 'owner = null, leased_until = null');
  }

  /**
   * The message did not get its place now: the thread rests, longer each time. `wasSent` false: surely no workflow has
   * it, so an agent's message may still be withdrawn.
   */
  async putBack(claim: Claim, { id, handedAt }: MessageRow, { why, soon, wasSent }: NotNow): Promise<Rest> {
    return this.database.inTenant(claim.tenant, async (em) => {
      await this.prove(em, claim);
      const { tenant, threadId } = claim;
      // Sent by an earlier attempt, it stays handed over.
      if (!wasSent && !handedAt)
        await em.nativeUpdate(MessageRow, { tenant, id, state: 'handed' }, { state: 'stored', handedAt: null });
      const [row] = await em.execute<{ attempts: number }[]>(
        `update thread set owner = null, leased_until = null, attempts = attempts + 1, held_why = ?,
           held_since = coalesce(held_since, now())
         where tenant = ? and id = ? returning attempts`,
        [why.slice(0, 500), tenant, threadId],
      );
      const attempts = row?.attempts ?? 1;
      const waitMs = restMs(attempts - 1, soon);
      await em.execute(`update thread set next_attempt_at = now() + ? * interval '1 ms' where tenant = ? and id = ?`, [
        waitMs,
        tenant,
        threadId,
      ]);
      return { attempts, waitMs };
    });
  }

  /** Only while the claim is ours; answers whether the thread has a past. */
  async #update(em: EntityManager, { tenant, threadId, epoch }: Claim, change: string): Promise<boolean> {
    const [row] = await em.execute<{ has_past: boolean }[]>(
      `update thread set ${change} where tenant = ? and id = ? and epoch = ? and owner = ? returning has_past`,
      [tenant, threadId, epoch, this.#owner],
    );
    if (!row) throw new ClaimLost(`Another dispatcher has ${threadId}.`);
    return row.has_past;
  }
}

const SOON_MS = 50;
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** How long a thread rests after so many failed attempts before this one. */
export function restMs(attempts: number, soon: boolean): number {
  return Math.min((soon ? SOON_MS : PAUSE_MS) * 2 ** Math.min(attempts, 10), LONGEST_PAUSE_MS);
}
