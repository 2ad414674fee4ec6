import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { Metrics } from '@parley/service/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';
import { DATABASE } from '../parts.js';
import type { Handed } from './in-hand.js';

/** A thread that does not move for so long is an alarm. */
const HELD_S = 10;

/** What an operator must see of the way of a message. */
@Injectable()
export class DispatchMetrics {
  readonly #settled: Counter<'author' | 'outcome'>;
  readonly #latency: Histogram<'author'>;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    { registry }: Metrics,
  ) {
    const registers = [registry];
    this.#settled = new Counter({
      name: 'inbox_messages_settled_total',
      help: 'Messages that a conversation placed or refused.',
      labelNames: ['author', 'outcome'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'inbox_dispatch_seconds',
      help: 'From the acceptance of a message to its place in a conversation.',
      labelNames: ['author'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
      registers,
    });
    const { backlog } = this;
    new Gauge({
      name: 'inbox_threads',
      help: 'Threads with messages that have no place yet; held: for more than 10 s (alarm).',
      labelNames: ['state'],
      registers,
      async collect() {
        const { waiting, held } = await backlog();
        this.set({ state: 'waiting' }, waiting);
        this.set({ state: 'held' }, held);
      },
    });
  }

  settled(message: Handed, outcome: 'placed' | 'refused'): void {
    const { author } = message;
    this.#settled.inc({ author, outcome });
    this.#latency.observe({ author }, (Date.now() - message.acceptedAt.getTime()) / 1000);
  }

  readonly backlog = (): Promise<{ waiting: number; held: number }> =>
    this.database.acrossTenants(async (em) => {
      const [row] = await em.execute<{ waiting: string; held: string }[]>(
        `select count(*) as waiting, count(*) filter (where held_since < now() - ? * interval '1 s') as held
         from thread where waiting`,
        [HELD_S],
      );
      return { waiting: Number(row?.waiting ?? 0), held: Number(row?.held ?? 0) };
    });
}
