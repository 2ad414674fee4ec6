import { z } from 'zod';

export const ActorKind = z.enum(['agent', 'supervisor', 'visitor', 'integration', 'system']);
export type ActorKind = z.infer<typeof ActorKind>;

export const Role = z.enum([
  'visitor',
  'agent',
  'manager',
  'administrator',
  'super-administrator',
  'auditor',
  'integration',
  'system',
]);
export type Role = z.infer<typeof Role>;

/** Who did it, as it stands in events and in `closedBy` (A10). */
export const Actor = z.strictObject({ kind: ActorKind, id: z.string().max(200), role: Role });
export type Actor = z.infer<typeof Actor>;

/** An actor with what it may reach: `tenant`, `campaign:…`, `team:…`, `channel:write`, `lifecycle:close` … */
export const Caller = z.strictObject({ ...Actor.shape, scopes: z.array(z.string().max(200)).max(200) });
export type Caller = z.infer<typeof Caller>;
