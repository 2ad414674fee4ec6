import type { Listening } from './http.ts';

/** A part that runs inside the launcher (identity provider, mail, channel, gateway): it can be closed and opened, not killed. */
export class LocalServer {
  readonly name: string;
  readonly #open: () => Promise<Listening>;
  #listening: Listening | undefined;

  constructor(name: string, open: () => Promise<Listening>) {
    this.name = name;
    this.#open = open;
  }

  report(): { name: string; state: 'running' | 'stopped'; pid: number; restarts: number } {
    return { name: this.name, state: this.#listening ? 'running' : 'stopped', pid: process.pid, restarts: 0 };
  }

  async start(): Promise<void> {
    this.#listening ??= await this.#open();
  }

  async stop(): Promise<void> {
    await this.#listening?.close();
    this.#listening = undefined;
  }
}
