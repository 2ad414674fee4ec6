import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { DATABASE, FRESH, HEARD } from '../parts.js';
import { MessageRow } from './message.entity.js';

/** When nobody said a word, or it was lost with a connection. */
const LOOK_AGAIN_MS = 500;

/** Requests that wait for what becomes of a message, whichever replica dispatches it. */
@Injectable()
export class MessageWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(@Inject(DATABASE) private readonly database: Database) {
    database.listen(HEARD.message, (id) => {
      const woken = id === null ? [...this.#waiting.values()] : [this.#waiting.get(id) ?? []];
      for (const waiters of woken) for (const wake of waiters) wake();
    });
  }

  /** The message once it is settled, or as it stands after `waitMs`; null: there is none of this id. */
  async settled(tenant: string, id: string, waitMs: number): Promise<MessageRow | null> {
    const end = Date.now() + waitMs;
    for (;;) {
      const heard = this.#hear(id);
      try {
        const row = await this.database.inTenant(tenant, (em) => em.findOne(MessageRow, { tenant, id }, FRESH));
        const leftMs = end - Date.now();
        if (!row || isSettled(row) || leftMs <= 0) return row;
        await heard.within(Math.min(leftMs, LOOK_AGAIN_MS));
      } finally {
        heard.stop();
      }
    }
  }

  #hear(id: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiters.add(resolve));
    const over = new AbortController();
    return {
      within: async (ms: number): Promise<void> => {
        await Promise.race([promise, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
      },
      stop: (): void => {
        over.abort();
        waiters.delete(resolve);
        if (waiters.size === 0 && this.#waiting.get(id) === waiters) this.#waiting.delete(id);
      },
    };
  }
}

const isSettled = ({ state }: MessageRow): boolean => state !== 'stored' && state !== 'handed';
