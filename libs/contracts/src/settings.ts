import { z } from 'zod';

/** What the environment may say to every service. Any of them may be given as `<NAME>_FILE`, the path of a file that holds the value. */

const hostAndPort = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'must be host:port');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));

export const SECRET_MIN_LENGTH = 32;

export const SettingsShape = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
  PORT: integer(0, 65535).default(3000),
  /** Where the outside reaches us; stands in links and in `dataschema`. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).default('http://localhost:4000'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TEMPORAL_ADDRESS: hostAndPort,
  TEMPORAL_NAMESPACE: z.string().min(1).max(200).default('default'),
  /** Port of the Temporal SDK's own Prometheus endpoint. */
  TEMPORAL_METRICS_PORT: integer(1, 65535).optional(),
  KAFKA_BROKERS: list.pipe(z.array(hostAndPort).min(1)),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }),
  OIDC_AUDIENCE: z.string().min(1).default('parley'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** Every key is derived from it: payload signatures, cursors, wrapped contact keys, database roles. */
  PARLEY_SECRET: z.string().min(SECRET_MIN_LENGTH, `must have at least ${SECRET_MIN_LENGTH} characters`),
  /** Earlier secrets whose payload signatures still count; keep them as long as runs of their time live. */
  PARLEY_SECRET_PREVIOUS: list.optional(),
  PARLEY_SEED: z.enum(['demo']).optional(),
  PARLEY_SEED_DELIVERY_URL: z.url().optional(),
  /** How long a run stays quiet before it ends (architecture.md 4). */
  PARLEY_LINGER_MS: integer(1000, 600_000).default(60_000),
  /** How old a handed-over message may be at a start (architecture.md 5). */
  PARLEY_HANDED_MS: integer(100, 595_000).default(10_000),
  /** Requests per second and principal. */
  PARLEY_RATE_LIMIT: integer(1, 1_000_000).default(200),
  /** How long readiness says 503 before the door closes, for load balancers to notice. Default 5 s, in development 0. */
  PARLEY_DRAIN_MS: integer(0, 10_000).optional(),
  /** Proxies whose X-Forwarded-For counts, as Express names them. */
  PARLEY_TRUSTED_PROXIES: list.default(['loopback']),
});
export type Settings = z.infer<typeof SettingsShape>;
