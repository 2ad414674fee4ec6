import { randomBytes } from 'node:crypto';
import { Client, field } from './client.ts';
import type { Dialogue } from './dialogues.ts';
import type { Part } from './plan.ts';
import { type Cast, type Played, Scene } from './play.ts';

const AGENTS = ['agent-1', 'agent-2'];
/** As many dialogues at once as two agents can hold, with one place kept free each. */
const AT_ONCE = 8;
const ROOM_NEEDED = 5;

/** @param tokenOf gives an access token of a seeded account */
export function castOf(gateway: string, tokenOf: (account: string) => Promise<string>): Cast {
  const as = (account: string): Client => {
    const token = tokenOf(account);
    return new Client(gateway, () => token);
  };
  return {
    channel: as('integration-1'),
    manager: as('manager-1'),
    administrator: as('administrator-1'),
    agents: new Map(AGENTS.map((agent) => [agent, as(agent)])),
  };
}

/**
 * Both agents online, and each with room: conversations kept from an earlier run may still hold places.
 * Answers what it changed, in words.
 */
export async function takePlaces(cast: Cast): Promise<string[]> {
  const said: string[] = [];
  for (const [agent, client] of cast.agents) {
    await client.put('/inbox/v1/agents/me/presence', { status: 'online', accepts: 'automatic' });
    const capacity = field(await client.get('/inbox/v1/desk'), 'capacity');
    const held = Number(field(capacity, 'messaging', 'held'));
    const limit = Number(field(capacity, 'messaging', 'limit'));
    if (limit - held >= ROOM_NEEDED) continue;
    const messaging = Math.min(500, held + ROOM_NEEDED);
    await cast.manager.put(`/inbox/v1/agents/${agent}/capacity`, { messaging, email: 5 });
    said.push(`${agent} still holds ${held} of ${limit}: room for ${messaging} now`);
  }
  return said;
}

export interface Failure {
  part: Part;
  error: Error;
}

export interface Show {
  played: Played[];
  failed: Failure[];
}

/**
 * Plays every part, {@link AT_ONCE} at a time; dialogues repeat when there are fewer than parts.
 * @param onTurn called after each turn, for the progress bar
 */
export async function playAll(
  cast: Cast,
  parts: Part[],
  dialogues: Dialogue[],
  speed: number,
  onTurn: (endedParts: number) => void,
): Promise<Show> {
  const runId = randomBytes(4).toString('hex');
  const show: Show = { played: [], failed: [] };
  const waiting = [...parts];
  const tick = (): void => onTurn(show.played.length + show.failed.length);
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const dialogue = dialogues[(part.number - 1) % dialogues.length];
      if (dialogue === undefined) return;
      const scene = new Scene(cast, part, `demo-${runId}-${part.number}`, speed, tick);
      await scene.play(dialogue).then(
        (played) => show.played.push(played),
        (error: unknown) =>
          show.failed.push({ part, error: error instanceof Error ? error : new Error(String(error)) }),
      );
      tick();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return show;
}
