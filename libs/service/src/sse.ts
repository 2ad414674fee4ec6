import type { Request, Response } from 'express';
import { problem } from './problem.js';
import type { Shutdown } from './shutdown.js';

/** `id` is a position valid on every replica: a decimal number that grows. */
export interface StreamEvent {
  id: string;
  event: string;
  data: unknown;
}

export interface StreamSource {
  /** Calls for each new event from now on, in order (twice is harmless); answers how to stop. */
  subscribe(listener: (event: StreamEvent) => void): () => void;
  /** Everything after this position in order, or `too-old` when it is not known any more (or never was). */
  replay(after: string): Promise<readonly StreamEvent[] | 'too-old'>;
  /** The newest position. */
  position(): Promise<string>;
}

export interface StreamOptions {
  /** Counts against the limit: tenant/subject. */
  user: string;
  source: StreamSource;
  /** When the token ends, so does the stream. */
  expiresAt: string;
  /** Asked every 30 s; undefined: nobody can say. */
  isRevoked?: () => Promise<boolean | undefined>;
}

const STREAMS_A_USER = 20;
const RETRY_MS = 2000;
const HEARTBEAT_MS = 15_000;
const INTROSPECT_MS = 30_000;
/** A reader so far behind is cut; it comes back with Last-Event-ID. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** For the last bytes of a stream; a reader that does not take them by then does not read. */
const FAREWELL_MS = 2000;
const MAX_TIMER_MS = 2 ** 31 - 1;
// Fits a bigint of the database.
const POSITION = /^\d{1,18}$/;
const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would hold events back.
  'X-Accel-Buffering': 'no',
};

/** Live streams of one process (contract.md, Live streams). Injectable everywhere. */
export class Streams {
  private readonly open = new Set<Stream>();
  private readonly perUser = new Map<string, number>();

  constructor(shutdown: Shutdown) {
    shutdown.on('streams', () => this.endAll());
  }

  /** How many are open; 0 when every reader is gone. */
  get size(): number {
    return this.open.size;
  }

  /**
   * Answers with an event stream and returns when it has ended; throws 429 before the first byte. HEAD asks for the headers
   * alone: it is answered at once and counts as no stream.
   */
  async serve(request: Request, response: Response, options: StreamOptions): Promise<void> {
    if (request.method === 'HEAD') {
      response.writeHead(200, STREAM_HEADERS).end();
      return;
    }
    const held = this.perUser.get(options.user) ?? 0;
    if (held >= STREAMS_A_USER) throw problem(429, 'rate-limited', 'Too many live streams.', { retryAfterS: 5 });
    // The reader may be gone already: then 'close' will not come again.
    if (response.destroyed || request.destroyed) return;
    this.perUser.set(options.user, held + 1);
    const stream = new Stream(response, options);
    this.open.add(stream);
    try {
      await stream.run(request.header('last-event-id'));
    } finally {
      this.open.delete(stream);
      this.release(options.user);
    }
  }

  private release(user: string): void {
    const left = (this.perUser.get(user) ?? 1) - 1;
    if (left > 0) this.perUser.set(user, left);
    else this.perUser.delete(user);
  }

  private endAll(): void {
    for (const stream of this.open) stream.end();
  }
}

/** One reader: from its first byte to the moment it is gone, whoever ends it. */
class Stream {
  private readonly unsent: StreamEvent[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly closed = Promise.withResolvers<void>();
  private live = false;
  private last = 0n;

  constructor(
    private readonly response: Response,
    private readonly options: StreamOptions,
  ) {}

  /** Subscribes before it replays, so that nothing falls between; a failing replay is a problem, for no byte is out yet. */
  async run(lastEventId: string | undefined): Promise<void> {
    // `request.on('close')` fires at the end of the request's body; only the response knows that the reader is gone.
    this.response.once('close', () => this.closed.resolve());
    // A reader that is lost says so by closing, too; without a listener its error would end the process.
    this.response.on('error', () => this.response.destroy());
    const unsubscribe = this.options.source.subscribe((event) => this.hear(event));
    try {
      const opening = await this.opening(lastEventId);
      if (this.response.destroyed) return;
      this.start(opening);
      await this.closed.promise;
    } finally {
      unsubscribe();
      this.clearTimers();
    }
  }

  end(): void {
    if (this.response.headersSent) this.finish(`retry: ${RETRY_MS}\n\n`);
  }

  /** Nothing is written after these bytes; `close` comes only when they are taken, or when we wait no longer. */
  private finish(lastBytes: string): void {
    if (this.response.writableEnded) return;
    this.clearTimers();
    this.response.end(lastBytes);
    this.after(FAREWELL_MS, () => this.response.destroy());
  }

  private async opening(lastEventId: string | undefined): Promise<readonly StreamEvent[]> {
    const { source } = this.options;
    const known = lastEventId !== undefined && lastEventId !== '';
    const missed = known && POSITION.test(lastEventId) ? await source.replay(lastEventId) : 'too-old';
    if (missed !== 'too-old') {
      this.last = BigInt(lastEventId ?? '0');
      return missed;
    }
    return [{ id: await source.position(), event: known ? 'reset' : 'ready', data: {} }];
  }

  private start(opening: readonly StreamEvent[]): void {
    this.response.writeHead(200, STREAM_HEADERS);
    this.response.write(`retry: ${RETRY_MS}\n\n`);
    this.live = true;
    for (const event of [...opening, ...this.unsent.splice(0)]) this.send(event);
    this.every(HEARTBEAT_MS, () => this.response.write(': still here\n\n'));
    this.every(INTROSPECT_MS, () => void this.endIfRevoked());
    this.after(Date.parse(this.options.expiresAt) - Date.now(), () => this.endUnauthenticated());
  }

  private hear(event: StreamEvent): void {
    if (this.live) this.send(event);
    else this.unsent.push(event);
  }

  private send({ id, event, data }: StreamEvent): void {
    const position = BigInt(id);
    if (position <= this.last && event !== 'reset' && event !== 'ready') return;
    this.last = position;
    if (this.response.writableEnded) return;
    this.response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (this.response.writableLength > MAX_UNSENT_BYTES) this.response.destroy();
  }

  private async endIfRevoked(): Promise<void> {
    const revoked = await this.options.isRevoked?.().catch(() => undefined);
    if (revoked === true) this.endUnauthenticated();
  }

  private endUnauthenticated(): void {
    this.finish('event: unauthenticated\ndata: {}\n\n');
  }

  private clearTimers(): void {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
  }

  private every(ms: number, run: () => void): void {
    this.timers.push(setInterval(run, ms));
  }

  private after(ms: number, run: () => void): void {
    this.timers.push(setTimeout(run, Math.min(Math.max(ms, 0), MAX_TIMER_MS)));
  }
}
