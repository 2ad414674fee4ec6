import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { CLAIM_MS } from '@parley/contracts/protocol';
import type { Database } from '@parley/persistence/database';
import { DATABASE } from '../parts.js';
import { type Handed, type InHand, keyOf, takeFirst } from './in-hand.js';
import { MessageRow } from './message.entity.js';

/** A thread that this process dispatches: nobody else does until the claim runs out, and then this epoch is over. */
export interface Claim {
  tenant: string;
  threadId: string;
  contactId: string;
  channelAccount: string;
  epoch: number;
  /** Some message of it was placed before. */
  hasPast: boolean;
}

export interface Taken {
  claim: Claim;
  inHand: InHand;
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
const LEASE = `now() + interval '${CLAIM_MS} ms'`;
export const BEAT_MS = 2_000;

interface ClaimedRow {
  tenant: string;
  id: string;
  contact_id: string;
  channel_account: string;
  epoch: number;
  has_past: boolean;
}

@Injectable()
export class Claims {
  /** This process, among its replicas. */
  readonly #owner = randomUUID();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * Up to so many threads whose turn it is and that nobody dispatches, those that wait longest first, each with its first
   * message marked as handed over. A thread without any is let go at once.
   */
  claim(limit: number): Promise<{ taken: Taken[]; isFull: boolean }> {
    const handedAt = new Date();
    return this.database.acrossTenants(async (em) => {
      const rows = await em.execute<ClaimedRow[]>(
        `with due as (
           select tenant, id from thread
           where waiting and next_attempt_at <= now() and (leased_until is null or leased_until < now())
           order by next_attempt_at limit ? for update skip locked)
         update thread set owner = ?, epoch = epoch + 1, leased_until = ${LEASE}
         from due where thread.tenant = due.tenant and thread.id = due.id
         returning thread.tenant, thread.id, contact_id, channel_account, epoch, has_past`,
        [limit, this.#owner],
      );
      const claims = rows.map(claimOf);
      if (claims.length === 0) return { taken: [], isFull: false };
      const first = await takeFirst(em, claims, handedAt);
      const taken: Taken[] = [];
      for (const claim of claims) {
        const inHand = first.get(keyOf(claim));
        if (inHand === undefined) await this.#letGo(em, claim, NOTHING_WAITS);
        else if (inHand === 'withdrawn') await this.#letGo(em, claim);
        else taken.push({ claim, inHand });
      }
      return { taken, isFull: claims.length === limit };
    });
  }

  /** The next message of the thread, in a transaction that has proved the claim since `handedAt`; none: it is let go. */
  async nextIn(em: EntityManager, claim: Claim, handedAt: Date, hasPast: boolean): Promise<InHand | undefined> {
    const first = (await takeFirst(em, [{ ...claim, hasPast }], handedAt)).get(keyOf(claim));
    if (first === undefined) await this.#letGo(em, claim, NOTHING_WAITS);
    else if (first === 'withdrawn') await this.#letGo(em, claim);
    else return first;
    return undefined;
  }

  /**
   * While this process waits for answers its threads stay its own; those in work at this moment renew themselves. Only
   * these: one that it claimed without learning of it runs out.
   */
  async keepAll(claims: Iterable<Claim>): Promise<void> {
    const named = [...claims].map(({ tenant, threadId, epoch }) => ({ tenant, id: threadId, epoch }));
    await this.database.statementsAcross().execute(
      `with mine as (
           select thread.tenant, thread.id
           from thread join jsonb_to_recordset(?::jsonb) as named (tenant text, id text, epoch integer)
             using (tenant, id, epoch)
           where owner = ? and leased_until > now() order by tenant, id for update of thread skip locked)
         update thread set leased_until = ${LEASE} from mine where thread.tenant = mine.tenant and thread.id = mine.id`,
      [JSON.stringify(named), this.#owner],
    );
  }

  /** Proves the claim; answers the instant before it did. @throws ClaimLost */
  async renew(claim: Claim): Promise<string> {
    const handedAt = new Date().toISOString();
    await this.database.inTenant(claim.tenant, (em) => this.prove(em, claim));
    return handedAt;
  }

  /** Renews the claim inside a transaction that writes a result. @throws ClaimLost */
  async prove(em: EntityManager, claim: Claim): Promise<void> {
    await this.#update(em, claim, `leased_until = ${LEASE}`);
  }

  /** The same, and the thread has moved: one more message has its place. @throws ClaimLost */
  async proveMoved(em: EntityManager, claim: Claim): Promise<void> {
    await this.#update(
      em,
      claim,
      `leased_until = ${LEASE}, has_past = true, attempts = 0, held_why = null, held_since = null`,
    );
  }

  /** Between two messages: any other may go on at once, those first that wait already. @throws ClaimLost */
  letGo(em: EntityManager, claim: Claim): Promise<void> {
    return this.#letGo(em, claim, ', next_attempt_at = now()');
  }

  /**
   * The message did not get its place now: the thread rests, longer each time. `wasSent` false: surely no workflow has
   * it, so an agent's message may still be withdrawn. @throws ClaimLost
   */
  async putBack(claim: Claim, { id, author, wasHanded }: Handed, { why, soon, wasSent }: NotNow): Promise<Rest> {
    return this.database.inTenant(claim.tenant, async (em) => {
      await this.prove(em, claim);
      const { tenant, threadId } = claim;
      // Sent by an earlier attempt, it stays handed over.
      if (author === 'agent' && !wasSent && !wasHanded)
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

  #letGo(em: EntityManager, claim: Claim, also = ''): Promise<void> {
    return this.#update(em, claim, `owner = null, leased_until = null${also}`);
  }

  /** Only while the claim is ours. */
  async #update(em: EntityManager, { tenant, threadId, epoch }: Claim, change: string): Promise<void> {
    const [row] = await em.execute<unknown[]>(
      `update thread set ${change} where tenant = ? and id = ? and epoch = ? and owner = ? returning id`,
      [tenant, threadId, epoch, this.#owner],
    );
    if (!row) throw new ClaimLost(`Another dispatcher has ${threadId}.`);
  }
}

const NOTHING_WAITS = ', waiting = false, attempts = 0, held_why = null, held_since = null';

const claimOf = ({ tenant, id, contact_id, channel_account, epoch, has_past }: ClaimedRow): Claim => ({
  tenant,
  threadId: id,
  contactId: contact_id,
  channelAccount: channel_account,
  epoch,
  hasPast: has_past,
});

const SOON_MS = 50;
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** How long a thread rests after so many failed attempts before this one. */
export function restMs(attempts: number, soon: boolean): number {
  return Math.min((soon ? SOON_MS : PAUSE_MS) * 2 ** Math.min(attempts, 10), LONGEST_PAUSE_MS);
}
