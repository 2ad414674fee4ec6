/**
 * So many calls at once for one workflow, the others in line. The server takes ten Updates in flight and, at the
 * eleventh, drops what it holds of that run: all ten are aborted and must be sent again. Seen: of 50 at once 29 had
 * no answer after 2.7 s. Two services may meet at one conversation, hence half of ten.
 */
const AT_ONCE = 5;

interface Line {
  running: number;
  /** Each is called with the turn, or not at all. */
  waiting: (() => void)[];
}

export class InFlight {
  private readonly lines = new Map<string, Line>();

  /** Undefined when the turn did not come within `waitMs`; then `call` was never begun. */
  async take<T>(key: string, waitMs: number, call: () => Promise<T>): Promise<T | undefined> {
    const line = this.lines.get(key) ?? { running: 0, waiting: [] };
    this.lines.set(key, line);
    if (line.running < AT_ONCE) line.running += 1;
    else if (!(await handedOver(line, waitMs))) return undefined;
    try {
      return await call();
    } finally {
      this.handOn(key, line);
    }
  }

  private handOn(key: string, line: Line): void {
    const next = line.waiting.shift();
    if (next) return next();
    line.running -= 1;
    if (line.running === 0) this.lines.delete(key);
  }
}

function handedOver(line: Line, waitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const begin = (): void => {
    clearTimeout(timer);
    resolve(true);
  };
  const timer = setTimeout(() => {
    line.waiting.splice(line.waiting.indexOf(begin), 1);
    resolve(false);
  }, waitMs);
  line.waiting.push(begin);
  return promise;
}
