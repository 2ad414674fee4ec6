import { until } from '../../deploy/local/demo/play.ts';
import { gateway, tokenOf } from './stack.ts';

export interface Heard {
  id: string;
  event: string;
  data: unknown;
  /** When it arrived, milliseconds since 1970. */
  at: number;
}

interface Opening {
  /** Default: the gateway. */
  origin?: string;
  lastEventId?: string;
  token?: string;
}

const lineOf = (frame: string, name: string): string | undefined =>
  frame
    .split('\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);

/** One reader of a live stream, as a console is one: by fetch, with the token in the header. */
export class Reader {
  readonly heard: Heard[] = [];
  readonly comments: string[] = [];
  retryMs = 0;
  isOver = false;
  readonly #stopping = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  /** Resolves once the stream stands, with `ready`, `reset` or what was missed. @throws Error with the refusal */
  static async open(account: string, path: string, opening: Opening = {}): Promise<Reader> {
    const reader = new Reader();
    const response = await reader.#ask(account, path, opening);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    reader.#reading = reader.#read(response).catch(() => undefined);
    return reader;
  }

  /** What a stream that is not to be had answers: its status. */
  static async refused(account: string, path: string, opening: Opening = {}): Promise<number> {
    const reader = new Reader();
    const { status } = await reader.#ask(account, path, opening);
    reader.#stopping.abort();
    return status;
  }

  async #ask(account: string, path: string, { origin = gateway, lastEventId, token }: Opening): Promise<Response> {
    return fetch(new URL(path, origin), {
      signal: this.#stopping.signal,
      headers: {
        authorization: `Bearer ${token ?? (await tokenOf(account))}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
  }

  async #read({ body }: Response): Promise<void> {
    let rest = '';
    for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const frames = (rest + String(chunk)).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) this.#take(frame);
    }
    this.isOver = true;
  }

  #take(frame: string): void {
    if (frame.startsWith(':')) this.comments.push(frame);
    this.retryMs = Number(lineOf(frame, 'retry') ?? this.retryMs);
    const [id, event, data] = ['id', 'event', 'data'].map((name) => lineOf(frame, name));
    if (event === undefined) return;
    this.heard.push({ id: id ?? '', event, data: JSON.parse(data ?? 'null'), at: Date.now() });
  }

  next(what: string, check: (heard: Heard) => boolean): Promise<Heard> {
    return until(what, async () => this.heard.find(check), 30_000);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }
}
