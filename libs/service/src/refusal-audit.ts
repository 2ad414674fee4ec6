import type { Actor } from '@parley/contracts/actor';

export interface RefusedRequest {
  tenant: string;
  actor: Actor | null;
  /** The route's verb. */
  act: string;
  conversationId: string | null;
  /** A reason code, or the problem's slug where there is none (`not-found`). */
  reason: string;
  traceId: string;
  /** Null: it was refused before it had a name. */
  commandId: string | null;
}

/** Where a service writes what it refused: its own outbox, on the way to `conversation.audit.v1`. */
export abstract class RefusalAudit {
  abstract refused(request: RefusedRequest): Promise<void>;
}
