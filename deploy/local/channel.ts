import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { answerJson, bodyOf, jsonOf, listen, routes, type Listening } from './http.ts';
import type { Profile } from './profile.ts';

/** What arrived, with what a receiver needs to check the signature (Standard Webhooks: over id, timestamp and the raw body). */
const delivery = z.looseObject({
  conversationId: z.string().optional(),
  contact: z.union([z.string(), z.looseObject({ id: z.string() })]).optional(),
  at: z.string(),
  raw: z.string(),
  headers: z.record(z.string(), z.string()),
});
type Delivery = z.infer<typeof delivery>;

const message = z.looseObject({});
/** How to answer the next deliveries; what is left out goes back to well-behaved. */
const behaviour = z.strictObject({
  failNext: z.number().int().min(0).default(0),
  failStatus: z.number().int().min(400).max(599).default(503),
  delayMs: z.number().int().min(0).max(60_000).default(0),
});

const contactOf = ({ contact }: Delivery): string | undefined => (typeof contact === 'object' ? contact.id : contact);

/** A third-party channel as Parley sees it: a server that takes what agents write and shows it to its own customers. */
export class Channel {
  readonly #file: string;
  readonly #deliveries: Delivery[];
  #behaviour = behaviour.parse({});

  constructor(file: string) {
    this.#file = file;
    this.#deliveries = existsSync(file) ? readFileSync(file, 'utf8').split('\n').flatMap(readDelivery) : [];
  }

  readonly listener = routes({
    'POST /deliveries': (request, response) => this.#receive(request, response),
    'GET /deliveries': (_request, response, url) => answerJson(response, 200, { items: this.#find(url.searchParams) }),
    'GET /behaviour': (_request, response) => answerJson(response, 200, this.#behaviour),
    'PUT /behaviour': async (request, response) => {
      const order = behaviour.safeParse(await jsonOf(request));
      if (!order.success) return answerJson(response, 422, { error: z.prettifyError(order.error) });
      this.#behaviour = order.data;
      answerJson(response, 200, this.#behaviour);
    },
  });

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyOf(request);
    const { delayMs, failNext, failStatus } = this.#behaviour;
    if (failNext > 0) this.#behaviour = { ...this.#behaviour, failNext: failNext - 1 };
    if (delayMs > 0) await sleep(delayMs);
    if (failNext > 0) return answerJson(response, failStatus, { error: 'failing, as it was asked to' });
    const body = message.safeParse(parsed(raw));
    if (!body.success) return answerJson(response, 400, { error: 'no JSON object' });
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const received = delivery.safeParse({ ...body.data, at: new Date().toISOString(), raw, headers });
    if (!received.success) return answerJson(response, 400, { error: z.prettifyError(received.error) });
    this.#deliveries.push(received.data);
    appendFileSync(this.#file, `${JSON.stringify(received.data)}\n`);
    answerJson(response, 200, {});
  }

  #find(query: URLSearchParams): Delivery[] {
    const contact = query.get('contact');
    const conversationId = query.get('conversationId');
    return this.#deliveries.filter(
      (each) =>
        (contact === null || contactOf(each) === contact) &&
        (conversationId === null || each.conversationId === conversationId),
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readDelivery(line: string): Delivery[] {
  const known = delivery.safeParse(parsed(line));
  return known.success ? [known.data] : [];
}

export async function thirdPartyChannel({ ports, folder }: Profile): Promise<Listening> {
  return listen('channel', ports.channel, new Channel(join(folder, 'deliveries.jsonl')).listener);
}
