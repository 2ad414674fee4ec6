import { z } from 'zod';
import { Slug } from './primitives.js';

/** A status, or one reason of `pending`: what a policy lists when it says from where a verb is allowed. */
export const Situation = z.enum([
  'bot',
  'pending:in-queue',
  'pending:out-of-hours',
  'pending:agents-offline',
  'pending:icr',
  'pending:returned',
  'assigned',
  'active',
  'paused',
  'wrap-up',
]);
export type Situation = z.infer<typeof Situation>;

export const SECOND_MS = 1000;
export const YEAR_MS = 365 * 24 * 3600 * SECOND_MS;

/** The values in which the three products disagree (mission.md, "policy, not code"). */
export const PolicyValues = z.strictObject({
  /** Agents may pause (B10). */
  pause: z.boolean(),
  pauseReleasesCapacity: z.boolean(),
  /** Without a message from either side for so long the conversation closes by itself (B12); null: never. */
  inactivityMs: z.int().min(SECOND_MS).max(YEAR_MS).nullable(),
  /** Warnings, each so long before the end. */
  inactivityWarningsMs: z.array(z.int().min(SECOND_MS).max(YEAR_MS)).max(5),
  inactivityFrom: z.array(Situation),
  /** What a supervisor does to a laggard (A1, D4); null: nothing. */
  supervisorVerb: z.enum(['close', 'cancel']).nullable(),
  supervisorFrom: z.array(Situation),
  supervisorReassignFrom: z.array(Situation),
  /** A comment at a supervisor's close (A5). */
  comment: z.enum(['off', 'optional', 'required']),
  /** A category at a cancel (D6), and at an agent's close. */
  categoryToCancel: z.enum(['optional', 'required']),
  categoryToClose: z.enum(['optional', 'required']),
  tagsCreatable: z.boolean(),
  /** A ticket is made at the hand-over (E2); it outlives the session. */
  tickets: z.boolean(),
  /** An agent may end the session and keep the ticket (E1). */
  endSession: z.boolean(),
  /** Who else may end it. */
  sessionEndsBy: z.array(z.enum(['end-user', 'inactivity', 'system'])),
  visitorNotice: z.enum(['message-and-reduce', 'message', 'none']),
  reduceAfterMs: z.int().min(0).max(60_000),
  /** What a visitor's message does after `cancelled`; after `closed` it always starts a new conversation (B11, D8). */
  afterCancelled: z.enum(['new-conversation', 'reactivate']),
  /** `reachable`: third-party channel, or visitor present on the site (A9). */
  survey: z.enum(['off', 'reachable', 'always', 'by-trigger']),
  /** Which presence counts on the site: the original "connecté" can mean either (A9). */
  surveyPresence: z.enum(['authenticated', 'online']),
  editsAfterClose: z.array(z.enum(['tags', 'notes'])),
  /** What a signal or another system may do (contract.md, Temporal); `message` is always granted. */
  integrationVerbs: z.array(z.enum(['pause', 'close', 'cancel', 'reassign'])),
  /** Steps before any agent (D1); none: hand over at once. */
  flowSteps: z.int().min(0).max(100),
});
export type PolicyValues = z.infer<typeof PolicyValues>;

/** Data, versioned, pinned when an episode starts (X7). */
export const Policy = z.strictObject({ name: Slug, version: z.int().min(1), ...PolicyValues.shape });
export type Policy = z.infer<typeof Policy>;

export const PresetName = z.enum(['iadvize-onsite', 'iadvize-social', 'sellia-campaign', 'zendesk-messaging']);
export type PresetName = z.infer<typeof PresetName>;
