import { Controller, Module, Res, Req } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { SettingsShape, type Settings } from '@parley/contracts/settings';
import { createLog } from '../src/log.js';
import { Input, Route, route, type InputOf } from '../src/route.js';
import { startService, type RunningService, type ServiceDefinition } from '../src/run-service.js';
import { EVENT_STREAM } from '../src/answer.interceptor.js';
import { Streams, type StreamEvent, type StreamSource } from '../src/sse.js';

export const settings = (more: Record<string, string> = {}): Settings =>
  SettingsShape.parse({
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    TEMPORAL_ADDRESS: 'localhost:1',
    KAFKA_BROKERS: 'localhost:1',
    DATABASE_URL: 'postgres://localhost:1/x',
    OIDC_ISSUER: 'http://localhost:1',
    PARLEY_SECRET: 'a secret of tests, long enough for all',
    ...more,
  });

export const silent = createLog('test', 'silent');

const read = route({
  method: 'GET',
  path: 'things/:thingId',
  summary: 'Reads a thing',
  params: z.strictObject({ thingId: z.string().max(200) }),
  query: z.strictObject({ status: z.enum(['open', 'closed']).optional(), q: z.string().optional() }),
});
const write = route({
  method: 'POST',
  path: 'things',
  summary: 'Writes a thing',
  status: 201,
  body: z.strictObject({
    name: z.string().max(10),
    inner: z.strictObject({ n: z.int(), words: z.array(z.string()).optional() }).optional(),
  }),
  errors: ['conflict'],
});
const stream = route({ method: 'GET', path: 'stream', summary: 'Live', produces: [EVENT_STREAM] });
const bug = route({ method: 'POST', path: 'bug', summary: 'Fails' });

@Controller()
class ThingController {
  @Route(read)
  read(@Input() { params, query }: InputOf<typeof read>) {
    return { id: params.thingId, status: query.status ?? null };
  }
  @Route(write)
  write(@Input() { body }: InputOf<typeof write>) {
    return body;
  }
  @Route(bug)
  bug(): never {
    throw new Error('select secret from /etc/passwd');
  }
}

/** Numbers its events from 1 and forgets all but the last five. */
export class Feed implements StreamSource {
  readonly listeners = new Set<(event: StreamEvent) => void>();
  private readonly events: StreamEvent[] = [];
  subscribe(listener: (event: StreamEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  async replay(after: string): Promise<readonly StreamEvent[] | 'too-old'> {
    const oldest = Number(this.events[0]?.id ?? 1);
    if (Number(after) > this.events.length || Number(after) < oldest - 1) return 'too-old';
    return this.events.filter((event) => Number(event.id) > Number(after));
  }
  async position(): Promise<string> {
    return String(this.events.at(-1)?.id ?? 0);
  }
  publish(data: unknown): void {
    const event = { id: String(Number(this.events.at(-1)?.id ?? 0) + 1), event: 'change', data };
    this.events.push(event);
    for (const listener of this.listeners) listener(event);
  }
  forget(count: number): void {
    this.events.splice(0, count);
  }
}
export const feed = new Feed();

@Controller()
class StreamController {
  constructor(private readonly streams: Streams) {}
  @Route(stream)
  async stream(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.streams.serve(request, response, {
      user: `demo/${request.header('x-user') ?? 'agent-1'}`,
      source: feed,
      expiresAt: request.header('x-expires') ?? new Date(Date.now() + 60_000).toISOString(),
    });
  }
}

@Module({ controllers: [ThingController, StreamController] })
class SmallModule {}

export const startSmall = (
  more: Partial<ServiceDefinition> = {},
  env: Record<string, string> = {},
): Promise<RunningService> =>
  startService({ name: 'inbox', module: () => SmallModule, ...more }, settings(env), silent);
