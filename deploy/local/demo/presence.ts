import { constants } from 'node:os';
import { field } from './client.ts';
import type { Cast } from './play.ts';

const PRESENCE = '/inbox/v1/agents/me/presence';
const ROOM_NEEDED = 5;
/** Somebody may have pressed Ctrl-C and waits. */
const ATTEMPTS_TO_LEAVE = 5;
/** One Ctrl-C reaches us from the terminal, from npm and from the bootstrap; a second one of a person comes later. */
const SAME_PRESS_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Say = (line: string) => void;
/** The presence of each agent as it was found. */
type Found = ReadonlyMap<string, unknown>;

/**
 * Plays with both agents online, picking their own visitors, and with room. Afterwards, also when it fails or is interrupted, their presence is as
 * it was found: whoever works here next decides who is there.
 */
export async function withAgentsOnline<T>(cast: Cast, say: Say, play: () => Promise<T>): Promise<T> {
  const found = await look(cast);
  const taking = takePlaces(cast, say);
  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> =>
    (leaving ??= taking.catch(() => undefined).then(() => leavePlaces(cast, found, say)));
  let firstAt: number | undefined;
  const onSignal = (signal: (typeof SIGNALS)[number]): void => {
    const exit = (): never => process.exit(128 + constants.signals[signal]);
    if (firstAt !== undefined && Date.now() - firstAt > SAME_PRESS_MS) exit();
    firstAt ??= Date.now();
    void leave().then(exit);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await taking;
    return await play();
  } finally {
    await leave();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

async function look(cast: Cast): Promise<Found> {
  const found = new Map<string, unknown>();
  for (const [agent, client] of cast.agents) found.set(agent, await client.get(PRESENCE));
  return found;
}

/** Both online, and each with room: conversations kept from an earlier run may still hold places. */
async function takePlaces(cast: Cast, say: Say): Promise<void> {
  for (const [agent, client] of cast.agents) {
    await client.put(PRESENCE, { status: 'online', accepts: 'picking' });
    const capacity = field(await client.get('/inbox/v1/desk'), 'capacity');
    const held = Number(field(capacity, 'messaging', 'held'));
    const limit = Number(field(capacity, 'messaging', 'limit'));
    if (limit - held >= ROOM_NEEDED) continue;
    const messaging = Math.min(500, held + ROOM_NEEDED);
    await cast.manager.put(`/inbox/v1/agents/${agent}/capacity`, { messaging, email: 5 });
    say(`${agent} still holds ${held} of ${limit}: room for ${messaging} now`);
  }
}

async function leavePlaces(cast: Cast, found: Found, say: Say): Promise<void> {
  for (const [agent, client] of cast.agents) {
    await client.ask('PUT', PRESENCE, found.get(agent), ATTEMPTS_TO_LEAVE).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      say(`${agent} may still be online, as the demo needed it (${why})`);
    });
  }
}
