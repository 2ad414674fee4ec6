import { setTimeout as wait } from 'node:timers/promises';
import { type Client, field, Refused, textAt } from './client.ts';
import type { Dialogue } from './dialogues.ts';
import type { Part } from './plan.ts';

/** Everybody who takes part, each with a token of their own. */
export interface Cast {
  channel: Client;
  manager: Client;
  administrator: Client;
  agents: ReadonlyMap<string, Client>;
}

export interface Played {
  part: Part;
  dialogue: string;
  conversationId: string;
}

const TURN_MS = 2000;
const PATIENCE_MS = 120_000;
const OTHER_AGENT: Record<string, string> = { 'agent-1': 'agent-2', 'agent-2': 'agent-1' };

/** Asks until `check` finds what it looks for. @throws Error saying what never came */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 1000)) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${patienceMs / 1000} s`);
    await wait(pauseMs);
  }
}

const reasonOf = (error: unknown): unknown =>
  error instanceof Refused ? field(error.answer.body, 'reasonCode') : undefined;

/** On `whatsapp-fast` five seconds without a message end it: on a busy machine also in the middle of the dialogue. */
class EndedByItself extends Error {}

/** Plays one dialogue to the end that its part wants, through the public API only. */
export class Scene {
  readonly #cast: Cast;
  readonly #part: Part;
  readonly #contact: string;
  readonly #pauseMs: number;
  readonly #onTurn: () => void;
  #turn = 0;

  constructor(cast: Cast, part: Part, contact: string, speed: number, onTurn: () => void) {
    this.#cast = cast;
    this.#part = part;
    this.#contact = contact;
    this.#pauseMs = TURN_MS / speed;
    this.#onTurn = onTurn;
  }

  async play(dialogue: Dialogue): Promise<Played> {
    const [first, ...rest] = dialogue.turns;
    if (first === undefined) throw new Error(`${dialogue.id} has no turns`);
    const messageId = await this.#visitorSays(first.text);
    const conversationId = await this.#placeOf(messageId);
    await this.#goOn(conversationId, rest).catch((error: unknown) => {
      if (!(error instanceof EndedByItself)) throw error;
    });
    return { part: this.#part, dialogue: dialogue.id, conversationId };
  }

  async #goOn(conversationId: string, rest: Dialogue['turns']): Promise<void> {
    let agent = await this.#agentOf(conversationId);
    const middle = Math.floor(rest.length / 2);
    for (const [index, turn] of rest.entries()) {
      if (index === middle) agent = await this.#onTheWay(conversationId, agent);
      await wait(this.#pauseMs);
      if (turn.author === 'agent') await this.#agentSays(conversationId, agent, turn.text);
      else this.#mustBe(conversationId, await this.#placeOf(await this.#visitorSays(turn.text)));
    }
    await this.#end(conversationId, agent);
  }

  /** @throws EndedByItself when the message began another conversation */
  #mustBe(conversationId: string, place: string): void {
    if (place !== conversationId) this.#endedByItself(new Error(`a message went into ${place}, not ${conversationId}`));
  }

  #endedByItself(trouble: Error): never {
    throw this.#part.ending === 'left-to-close-naturally' ? new EndedByItself() : trouble;
  }

  async #visitorSays(text: string): Promise<string> {
    const answer = await this.#cast.channel.post(`/inbox/v1/channels/${this.#part.account}/messages`, {
      id: `${this.#contact}-${(this.#turn += 1)}`,
      contact: { id: this.#contact, online: true, authenticated: this.#part.number % 2 === 0 },
      text,
    });
    this.#onTurn();
    return textAt(answer, 'messageId');
  }

  #placeOf(messageId: string): Promise<string> {
    const path = `/inbox/v1/channels/${this.#part.account}/messages/${messageId}?waitMs=5000`;
    return until(`a conversation for message ${messageId}`, async () => {
      const conversationId = field(await this.#cast.channel.get(path), 'conversationId');
      return typeof conversationId === 'string' ? conversationId : undefined;
    });
  }

  /** Its agent picks it, for the other visitors of this Parley may wait in a long queue; who has no place lets the other. */
  #agentOf(conversationId: string): Promise<string> {
    const agents = [...this.#cast.agents.keys()];
    let looks = this.#part.number;
    return until(`an agent for ${conversationId}`, async () => {
      const view = await this.#cast.channel.get(`/inbox/v1/conversations/${conversationId}`).catch(() => undefined);
      const agent = field(view, 'assignedTo');
      const status = field(view, 'status');
      if (status === 'closed') this.#endedByItself(new Error(`${conversationId} is closed already`));
      if (typeof agent === 'string' && (status === 'assigned' || status === 'active')) return agent;
      return status === 'pending' ? this.#picks(agents[(looks += 1) % agents.length] ?? '', conversationId) : undefined;
    });
  }

  /** @returns the agent, or undefined when it went otherwise meanwhile or the agent has no place */
  async #picks(agent: string, conversationId: string): Promise<string | undefined> {
    try {
      await this.#as(agent).post(`/inbox/v1/conversations/${conversationId}/pick`, {});
      return agent;
    } catch (error) {
      if (error instanceof Refused && error.answer.status === 409) return undefined;
      throw error;
    }
  }

  #as(agent: string): Client {
    const client = this.#cast.agents.get(agent);
    if (client === undefined) throw new Error(`the demo does not play ${agent}`);
    return client;
  }

  async #agentSays(conversationId: string, agent: string, text: string): Promise<void> {
    const path = `/inbox/v1/conversations/${conversationId}/messages`;
    await this.#as(agent)
      .post(path, { id: `${this.#contact}-${(this.#turn += 1)}`, text })
      .catch((error: unknown) => {
        if (error instanceof Refused && error.answer.status === 409) this.#endedByItself(error);
        throw error;
      });
    this.#onTurn();
  }

  /** What happens in the middle of the dialogue. Answers who goes on with it. */
  async #onTheWay(conversationId: string, agent: string): Promise<string> {
    if (this.#part.ending === 'paused-resumed-closed') {
      await this.#as(agent).post(`/inbox/v1/conversations/${conversationId}/pause`, {});
      await this.#onceThereIsRoom(this.#as(agent), `/inbox/v1/conversations/${conversationId}/resume`, {});
    }
    if (this.#part.ending !== 'reassigned-and-closed') return agent;
    const to = OTHER_AGENT[agent] ?? 'agent-1';
    await this.#onceThereIsRoom(this.#cast.manager, `/admin/v1/conversations/${conversationId}/reassign`, { to });
    return to;
  }

  /** All who play fit beside each other, but not always at the same agent. */
  async #onceThereIsRoom(client: Client, path: string, body: object): Promise<void> {
    await until(`room for ${path}`, () =>
      client.post(path, body).catch((error: unknown) => {
        if (reasonOf(error) === 'CAPACITY_FULL') return undefined;
        throw error;
      }),
    );
  }

  async #end(conversationId: string, agent: string): Promise<void> {
    const inbox = `/inbox/v1/conversations/${conversationId}`;
    const admin = `/admin/v1/conversations/${conversationId}`;
    switch (this.#part.ending) {
      case 'closed-by-agent':
      case 'reassigned-and-closed':
      case 'paused-resumed-closed':
        await this.#as(agent).post(`${inbox}/close`, { tags: ['delivery'], note: 'Played by the demo.' });
        return;
      case 'closed-by-supervisor':
        await this.#cast.manager.post(`${admin}/close`, { comment: 'Played by the demo.' });
        return;
      case 'cancelled':
        await this.#cast.administrator.post(`${admin}/cancel`, { category: 'no-answer', subcategory: 'customer' });
        return;
      case 'session-ended':
        await this.#as(agent).post(`${inbox}/end-session`, {});
        return;
      case 'left-to-close-naturally':
    }
  }
}
