import { until } from '../../deploy/local/demo/play.ts';
import { at, gateway } from '../end-to-end/stack.ts';

/** What the launcher does to its parts when a test asks (deploy/local, control). */
export type Deed = 'kill' | 'stop' | 'start' | 'freeze' | 'thaw' | 'term';
export type PartName = 'temporal' | 'kafka' | 'postgres' | 'inbox' | 'admin' | 'worker' | 'stats' | 'notifications';

/** @throws Error with the launcher's own words when it does not do it */
export async function order(part: PartName, deed: Deed): Promise<void> {
  const response = await fetch(`${at('control')}/parts/${part}/${deed}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${deed} ${part}: ${response.status} ${await response.text()}`);
}

/** A service answers `/health/ready` with 200. */
export function ready(service: 'inbox' | 'admin' | 'stats' | 'notifications'): Promise<true> {
  return until(
    `${service} to be ready`,
    async () => {
      const response = await fetch(`${gateway}/${service}/health/ready`).catch(() => undefined);
      return response?.status === 200 ? true : undefined;
    },
    60_000,
  );
}
