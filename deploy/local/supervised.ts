import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { deathsInARow, restartDelayMs } from './backoff.ts';
import type { Logs } from './logs.ts';
import { stopSignalOf, type Pids } from './pids.ts';
import { processId, signalOne, signalTree } from './process-table.ts';
import { Trouble } from './trouble.ts';
import { eventually } from './waiting.ts';

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly runAs?: { readonly uid: number; readonly gid: number };
  readonly readyWithinMs: number;
  /** Asked at a start, never of one that was started again. A text is no, and says what is missing. */
  readonly isReady: () => Promise<boolean | string>;
  readonly beforeStart?: () => void | Promise<void>;
}

/** What a supervised process needs of the stack it belongs to. */
export interface Surroundings {
  readonly logs: Logs;
  readonly pids: Pids;
  readonly say: (line: string) => void;
}

type State =
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'running';
      readonly child: ChildProcess;
      readonly pid: number;
      readonly since: number;
      readonly ended: Promise<void>;
    }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout };

/** Time for in-flight work to finish after SIGTERM, longer than any service's own deadline for it. */
const graceMs = 25_000;
/** A program that died this often before it was ready will not get ready by being started again. */
const hopelessDeaths = 3;

/** A program that is started again whenever it ends without having been told to. */
export class Supervised {
  readonly program: Program;
  readonly #around: Surroundings;
  #state: State = { kind: 'stopped' };
  #isWanted = false;
  #deaths = 0;
  #restarts = 0;

  constructor(program: Program, around: Surroundings) {
    this.program = program;
    this.#around = around;
  }

  get name(): string {
    return this.program.name;
  }

  report(): { name: string; state: State['kind']; pid: number | null; restarts: number; runningForMs: number } {
    const running = this.#state.kind === 'running' ? this.#state : undefined;
    return {
      name: this.name,
      state: this.#state.kind,
      pid: running?.pid ?? null,
      restarts: this.#restarts,
      runningForMs: running ? Date.now() - running.since : 0,
    };
  }

  /** Resolves once the program answers as ready. */
  async start(): Promise<void> {
    if (this.#state.kind === 'running') return;
    if (this.#state.kind === 'waiting') clearTimeout(this.#state.timer);
    this.#isWanted = true;
    this.#deaths = 0;
    await this.#spawn();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    const { isReady, readyWithinMs } = this.program;
    const isHopeless = (): boolean => !this.#isWanted || this.#deaths >= hopelessDeaths;
    const isRunning = (): boolean => this.#state.kind === 'running';
    let missing = '';
    const isDone = await eventually(async () => {
      missing = '';
      if (isHopeless()) return true;
      const answer = isRunning() && (await isReady());
      if (typeof answer === 'string') missing = `, ${answer}`;
      return answer === true;
    }, readyWithinMs);
    if (isDone && !isHopeless()) return;
    const what = isDone ? 'ended before it was ready' : `was not ready within ${readyWithinMs / 1000} s${missing}`;
    const { logs } = this.#around;
    throw new Trouble(`${this.name} ${what}: "${logs.lastWords(this.name)}". All of it: ${logs.path(this.name)}`);
  }

  /** Lets it finish what it is doing, for at most 25 s. */
  async stop(): Promise<void> {
    const ended = this.#unwant();
    if (this.#state.kind !== 'running' || !ended) return;
    const { pid } = this.#state;
    signalTree(pid, 'SIGCONT');
    signalOne(pid, stopSignalOf(this.name));
    const force = setTimeout(() => signalTree(pid, 'SIGKILL'), graceMs);
    await ended;
    clearTimeout(force);
  }

  /** Ends it at once, as a power cut would, and leaves it so. */
  async halt(): Promise<void> {
    const ended = this.#unwant();
    this.#signal('SIGKILL');
    await ended;
  }

  /** Ends it at once; the supervisor starts it again. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end, as a deployment would; the supervisor starts it again. */
  async terminate(): Promise<void> {
    await this.#end(stopSignalOf(this.name));
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async #end(signal: 'SIGKILL' | NodeJS.Signals): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'running') return;
    if (signal === 'SIGKILL') signalTree(state.pid, signal);
    else signalOne(state.pid, signal);
    await state.ended;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#state.kind === 'running') signalTree(this.#state.pid, signal);
  }

  #unwant(): Promise<void> | undefined {
    this.#isWanted = false;
    if (this.#state.kind === 'waiting') {
      clearTimeout(this.#state.timer);
      this.#state = { kind: 'stopped' };
    }
    return this.#state.kind === 'running' ? this.#state.ended : undefined;
  }

  async #spawn(): Promise<void> {
    const { name, command, args, cwd, env, runAs, beforeStart } = this.program;
    await beforeStart?.();
    if (!this.#isWanted) return;
    const log = this.#around.logs.open(name);
    // A group of its own: Ctrl-C in the terminal reaches the launcher alone, which stops its parts in order.
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      ...runAs,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const since = Date.now();
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.#onEnd(since, error.message);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#onEnd(since, signal ?? `code ${code}`);
        resolve();
      });
    });
    if (child.pid === undefined) return;
    this.#state = { kind: 'running', child, pid: child.pid, since, ended };
    const id = processId(child.pid);
    if (id) this.#around.pids.note(name, id);
  }

  #onEnd(since: number, how: string): void {
    this.#around.pids.forget(this.name);
    this.#state = { kind: 'stopped' };
    if (!this.#isWanted) return;
    this.#deaths = deathsInARow(this.#deaths, Date.now() - since);
    this.#restarts += 1;
    const delayMs = restartDelayMs(this.#deaths);
    this.#around.say(`${this.name} ended (${how}); it starts again in ${delayMs / 1000} s`);
    const timer = setTimeout(() => void this.#again(), delayMs);
    this.#state = { kind: 'waiting', timer };
  }

  async #again(): Promise<void> {
    try {
      await this.#spawn();
    } catch (error) {
      this.#onEnd(Date.now(), error instanceof Error ? error.message : String(error));
    }
  }
}
