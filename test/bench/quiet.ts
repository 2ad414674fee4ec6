import { setTimeout as wait } from 'node:timers/promises';
import { metricsOf, scrape, total } from './scrape.ts';

const BETWEEN_MS = 500;
const LOOKS_ALIKE = 3;
const WITHIN_MS = 120_000;

/** Waits until nothing that was set off still goes on: no message without a place, no lag, no workflow task for a while. */
export async function quiet(bareMetricsUrl?: string, followsMs = 0): Promise<void> {
  await wait(followsMs);
  const until = Date.now() + WITHIN_MS;
  let last = '';
  for (let alike = 0; alike < LOOKS_ALIKE; await wait(BETWEEN_MS)) {
    const { done, isBehind } = await look(bareMetricsUrl);
    alike = done === last && !isBehind ? alike + 1 : 0;
    last = done;
    if (Date.now() > until) throw new Error(`the stack did not come to rest within ${WITHIN_MS / 1000} s`);
  }
}

async function look(bareMetricsUrl?: string): Promise<{ done: string; isBehind: boolean }> {
  const [inbox, admin, worker] = await Promise.all([
    scrape(metricsOf.inbox()),
    scrape(metricsOf.admin()),
    scrape(metricsOf.worker()),
  ]);
  const bare = bareMetricsUrl === undefined ? undefined : await scrape(bareMetricsUrl);
  const done = [
    total(inbox, 'inbox_messages_settled_total'),
    total(admin, 'admin_log_records_total'),
    total(worker, 'temporal_request'),
    bare && total(bare, 'temporal_request'),
  ];
  const isBehind = total(inbox, 'inbox_threads', 'state="waiting"') > 0 || total(admin, 'admin_log_lag_records') > 0;
  return { done: done.join(' '), isBehind };
}
