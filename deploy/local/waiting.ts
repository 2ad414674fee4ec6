import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const betweenLooksMs = 100;

/** What a service answers at `/health/ready`, as far as a start asks. */
const HealthReport = z.object({
  checks: z.record(z.string(), z.object({ status: z.string(), detail: z.string().optional() })),
});

/** Looks until it is so; false when it was not within `withinMs`. A look that throws counts as not yet. */
export async function eventually(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  for (;;) {
    if (await look(isSo)) return true;
    if (Date.now() >= until) return false;
    await sleep(betweenLooksMs);
  }
}

async function look(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await isSo();
  } catch {
    return false;
  }
}

export async function answers200(url: string, withinMs = 2_000): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
  await response.body?.cancel();
  return response.status === 200;
}

/**
 * True once all checks of a service are up, those aside that say nothing of its start; else which are down. 200 is not
 * enough: a service answers it `degraded`, for commands go on while Temporal or Kafka is away.
 */
export async function isWell(url: string, aside: readonly string[] = [], withinMs = 2_000): Promise<true | string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
  const { checks } = HealthReport.parse(await response.json());
  const down = Object.entries(checks).filter(([name, { status }]) => status !== 'up' && !aside.includes(name));
  return (
    down.length === 0 || down.map(([name, { detail }]) => `${name} is down${detail ? ` (${detail})` : ''}`).join(', ')
  );
}

export function accepts(address: string, withinMs = 2_000): Promise<boolean> {
  const at = address.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), timeout: withinMs });
    const answer = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
