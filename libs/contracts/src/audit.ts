import { z } from 'zod';
import { Actor } from './actor.js';
import { Instant } from './primitives.js';

/** A refused command or signal, or an administrative act; no free text, no personal field. */
export const AuditRecord = z.looseObject({
  id: z.string(),
  type: z.enum(['audit.command-refused', 'audit.signal-refused', 'audit.administrative-act']),
  time: Instant,
  tenantid: z.string(),
  service: z.string(),
  actor: Actor.nullable(),
  /** The verb (`close`, `configuration.change`) or the signal's name. */
  act: z.string(),
  conversationId: z.string().nullable(),
  threadid: z.string().nullable(),
  reason: z.string().nullable(),
  commandid: z.string().nullable(),
});
export type AuditRecord = {
  id: string;
  type: 'audit.command-refused' | 'audit.signal-refused' | 'audit.administrative-act';
  time: string;
  tenantid: string;
  service: string;
  actor: Actor | null;
  act: string;
  conversationId: string | null;
  threadid: string | null;
  reason: string | null;
  commandid: string | null;
};

/** What `agent.activity.v1` carries: presence as set, and each lease taken or freed. */
export const AgentActivity = z.looseObject({
  id: z.string(),
  type: z.enum(['agent.presence-set', 'agent.lease-taken', 'agent.lease-freed', 'agent.capacity-set']),
  time: Instant,
  tenantid: z.string(),
  agentId: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});
export type AgentActivity = {
  id: string;
  type: 'agent.presence-set' | 'agent.lease-taken' | 'agent.lease-freed' | 'agent.capacity-set';
  time: string;
  tenantid: string;
  agentId: string;
  data: Record<string, string | number | null>;
};
