/** What inbox's ledger knows of an agent when a conversation waits. */
export interface Candidate {
  agentId: string;
  online: boolean;
  accepts: 'automatic' | 'picking';
  groups: readonly string[];
  /** Messaging conversations held now, and how many may be. */
  held: number;
  limit: number;
  /** When a conversation was last given to this agent; null: never. */
  lastAssignedAt: string | null;
}

export type Choice = { kind: 'agent'; agentId: string } | { kind: 'wait'; reason: 'agents-offline' | 'in-queue' };

/**
 * The agent of the group with the most room; among equals the one whose last assignment is longest ago, then by id.
 * @param returnedBy gave it back to the queue: may pick it again, and is not given it
 */
export function chooseAgent(candidates: readonly Candidate[], group: string, returnedBy: string | null = null): Choice {
  const online = candidates.filter((agent) => agent.online && agent.groups.includes(group));
  if (online.length === 0) return { kind: 'wait', reason: 'agents-offline' };
  const isFree = (agent: Candidate): boolean =>
    agent.accepts === 'automatic' && roomOf(agent) > 0 && agent.agentId !== returnedBy;
  const [first] = online.filter(isFree).sort(byTurn);
  return first === undefined ? { kind: 'wait', reason: 'in-queue' } : { kind: 'agent', agentId: first.agentId };
}

function byTurn(a: Candidate, b: Candidate): number {
  return (
    roomOf(b) - roomOf(a) || compare(a.lastAssignedAt ?? '', b.lastAssignedAt ?? '') || compare(a.agentId, b.agentId)
  );
}

const roomOf = ({ held, limit }: Candidate): number => limit - held;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
