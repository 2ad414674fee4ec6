import { randomBytes } from 'node:crypto';
import { Client } from './client.ts';
import type { Dialogue } from './dialogues.ts';
import type { Part } from './plan.ts';
import { type Cast, type Played, Scene } from './play.ts';

const AGENTS = ['agent-1', 'agent-2'];
/** As many dialogues at once as two agents can hold, with one place kept free each. */
const AT_ONCE = 8;

/**
 * @param tokenOf gives an access token of a seeded account
 * @throws whatever the first of them throws that gives none
 */
export async function castOf(gateway: string, tokenOf: (account: string) => Promise<string>): Promise<Cast> {
  const as = async (account: string): Promise<Client> => {
    const token = await tokenOf(account);
    return new Client(gateway, () => Promise.resolve(token));
  };
  const [channel, manager, administrator, agents] = await Promise.all([
    as('integration-1'),
    as('manager-1'),
    as('administrator-1'),
    Promise.all(AGENTS.map(async (agent) => [agent, await as(agent)] as const)),
  ]);
  return { channel, manager, administrator, agents: new Map(agents) };
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
