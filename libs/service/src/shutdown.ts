import type { ServiceLog } from './tokens.js';

/** In this order (reliability.md, section 6); within a stage all at once. */
export const SHUTDOWN_STAGES = ['streams', 'consumers', 'workers', 'producers', 'database'] as const;
export type ShutdownStage = (typeof SHUTDOWN_STAGES)[number];

/** What must end in order when the service stops. Injectable everywhere. */
export class Shutdown {
  private readonly steps = new Map<ShutdownStage, (() => Promise<void> | void)[]>();
  private stopping = false;

  constructor(private readonly log: ServiceLog) {}

  /** Readiness answers 503 from the first moment of stopping. */
  get isStopping(): boolean {
    return this.stopping;
  }

  announce(): void {
    this.stopping = true;
  }

  on(stage: ShutdownStage, step: () => Promise<void> | void): void {
    this.steps.set(stage, [...(this.steps.get(stage) ?? []), step]);
  }

  /** A step that fails is logged and does not keep the others from ending. */
  async runStage(stage: ShutdownStage): Promise<void> {
    const steps = this.steps.get(stage) ?? [];
    const results = await Promise.allSettled(steps.map(async (step) => step()));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const reason: unknown = result.reason;
      this.log.error({ err: reason, stage }, 'a step of stopping failed');
    }
  }
}
