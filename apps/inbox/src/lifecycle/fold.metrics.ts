import { Injectable } from '@nestjs/common';
import { Metrics } from '@parley/service/metrics';
import { Counter } from 'prom-client';

@Injectable()
export class FoldMetrics {
  readonly #skipped: Counter<'type'>;
  readonly #gaps: Counter;

  constructor({ registry }: Metrics) {
    this.#skipped = new Counter({
      name: 'inbox_skipped_records_total',
      help: 'Records of a type that this version does not know.',
      labelNames: ['type'],
      registers: [registry],
    });
    this.#gaps = new Counter({
      name: 'inbox_sequence_gaps_total',
      help: 'Events that came after a missing one (alarm).',
      registers: [registry],
    });
  }

  skipped(type: string): void {
    this.#skipped.inc({ type: type.slice(0, 100) });
  }

  gap(): void {
    this.#gaps.inc();
  }
}
