import { Beside } from './beside.js';

export interface Pile<T> {
  readonly isEmpty: boolean;
  /** What goes together next. */
  head(): T[];
  drop(count: number): void;
}

/** Brings a pile to where it belongs: in order, one batch at a time, each until it has arrived. */
export class Courier<T> {
  readonly beside: Beside;

  constructor(
    private readonly pile: Pile<T>,
    private readonly deliver: (batch: T[]) => Promise<void>,
    onEnd: () => void,
  ) {
    this.beside = new Beside(onEnd);
  }

  get isDone(): boolean {
    return this.pile.isEmpty && !this.beside.isBusy;
  }

  next(): void {
    if (this.pile.isEmpty || !this.beside.mayStart) return;
    const batch = this.pile.head();
    this.beside.start(async () => {
      await this.deliver(batch);
      this.pile.drop(batch.length);
    });
  }
}

/** A pile with a limit: what does not fit is refused. */
export class Bounded<T> implements Pile<T> {
  private readonly waiting: T[];

  constructor(
    carried: readonly T[],
    private readonly limit: number,
    private readonly perBatch: number,
  ) {
    this.waiting = [...carried];
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  get isFull(): boolean {
    return this.waiting.length >= this.limit;
  }

  add(item: T): void {
    if (!this.isFull) this.waiting.push(item);
  }

  head(): T[] {
    return this.waiting.slice(0, this.perBatch);
  }

  drop(count: number): void {
    this.waiting.splice(0, count);
  }

  all(): T[] {
    return [...this.waiting];
  }
}
