import type { Shutdown } from './shutdown.js';

export interface HealthCheck {
  /** `database`, `temporal`, `kafka`, a consumer group … */
  name: string;
  /** Decides readiness. Only the database does: commands must go on while Temporal or Kafka is away. */
  vital?: boolean;
  /** Whether it is well; throwing and taking longer than a second are no. A text says more. */
  check: () => Promise<boolean | { up: boolean; detail: string }>;
}

export interface HealthReport {
  status: 'ok' | 'degraded' | 'unavailable';
  checks: Record<string, { status: 'up' | 'down'; detail?: string }>;
}

const CHECK_MS = 1000;

/** Injectable everywhere: a room adds its check when it is made. */
export class Health {
  private readonly checks: HealthCheck[] = [];

  constructor(private readonly shutdown: Shutdown) {}

  add(check: HealthCheck): void {
    this.checks.push(check);
  }

  async report(): Promise<HealthReport> {
    const results = await Promise.all(this.checks.map(async (check) => ({ check, result: await outcomeOf(check) })));
    const down = results.filter(({ result }) => result.status === 'down');
    const isUnready = this.shutdown.isStopping || down.some(({ check }) => check.vital === true);
    return {
      status: isUnready ? 'unavailable' : down.length > 0 ? 'degraded' : 'ok',
      checks: {
        ...Object.fromEntries(results.map(({ check, result }) => [check.name, result])),
        ...(this.shutdown.isStopping && { service: { status: 'down', detail: 'stopping' } }),
      },
    };
  }
}

async function outcomeOf({ check }: HealthCheck): Promise<{ status: 'up' | 'down'; detail?: string }> {
  const { promise: tooLate, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), CHECK_MS);
  try {
    const result = await Promise.race([check(), tooLate]);
    if (typeof result === 'boolean') return { status: result ? 'up' : 'down' };
    return { status: result.up ? 'up' : 'down', detail: result.detail };
  } catch {
    return { status: 'down' };
  } finally {
    clearTimeout(timer);
  }
}
