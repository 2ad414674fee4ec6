import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { Metrics } from '@parley/service/metrics';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DATABASE } from '../parts.js';
import type { Handed } from './in-hand.js';

/** What does not move for so long is an alarm. */
const HELD_S = 10;

interface Backlog {
  waiting: number;
  held: number;
}

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
    this.#gauge('inbox_threads', 'Threads with messages that have no place yet', this.backlog, registers);
    const help = 'Messages with a place that Kafka has not heard of (it is away, or the one before is missing)';
    this.#gauge('inbox_messages_unpublished', help, this.unpublished, registers);
  }

  settled(message: Handed, outcome: 'placed' | 'refused'): void {
    const { author } = message;
    this.#settled.inc({ author, outcome });
    this.#latency.observe({ author }, (Date.now() - message.acceptedAt.getTime()) / 1000);
  }

  readonly backlog = (): Promise<Backlog> => this.#count('held_since', 'thread where waiting');

  readonly unpublished = (): Promise<Backlog> => this.#count('decided_at', `message where state = 'placed'`);

  #gauge(name: string, help: string, count: () => Promise<Backlog>, registers: Registry[]): void {
    new Gauge({
      name,
      help: `${help}; held: for more than ${HELD_S} s (alarm).`,
      labelNames: ['state'],
      registers,
      async collect() {
        const { waiting, held } = await count();
        this.set({ state: 'waiting' }, waiting);
        this.set({ state: 'held' }, held);
      },
    });
  }

  #count(since: string, what: string): Promise<Backlog> {
    return this.database.acrossTenants(async (em) => {
      const [row] = await em.execute<{ waiting: string; held: string }[]>(
        `select count(*) as waiting, count(*) filter (where ${since} < now() - ? * interval '1 s') as held from ${what}`,
        [HELD_S],
      );
      return { waiting: Number(row?.waiting ?? 0), held: Number(row?.held ?? 0) };
    });
  }
}
