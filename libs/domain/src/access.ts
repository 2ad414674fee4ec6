import type { Caller, Role } from '@parley/contracts/actor';
import type { Command, CommandOf } from '@parley/contracts/command';
import type { Status } from '@parley/contracts/conversation';

/**
 * Who may do what: role x verb x reach, as data (A3, B9-B11, D2, E1; reliability.md section 5). What is not written is
 * denied. How far a grant reaches:
 *
 * - `own`: an agent's conversation is the one assigned to it, once ended the one that counts for it; a visitor's is its own
 * - `own-or-team`: own, or of a group that it serves (`team:…`)
 * - `own-or-waiting`: own, or waiting in the picking list of a group that it serves
 * - `team`, `campaign`, `tenant`: by a scope of that name for the conversation's group, campaign, or for all
 * - `all`: whatever it names
 * - a machine's grant is a scope of its token: `lifecycle:close`
 */
export type Reach = 'own' | 'own-or-team' | 'own-or-waiting' | 'team' | 'campaign' | 'tenant' | 'all';
export type TokenScope = `${'channel' | 'lifecycle' | 'read'}:${string}` | 'privacy' | 'routing';
export type Grant = Reach | TokenScope;
type Grants = Partial<Record<Role, Grant>>;

const supervisors = { manager: 'team', administrator: 'campaign', 'super-administrator': 'tenant' } as const;
const administrators = { administrator: 'campaign', 'super-administrator': 'tenant' } as const;
const readers = { ...supervisors, auditor: 'all' } as const;

export const ACCESS = {
  'message.receive': { visitor: 'own', integration: 'channel:write', system: 'all' },
  'message.send': { agent: 'own' },
  /** What an agent said elsewhere, told by a program. */
  'message.relay': { integration: 'channel:write' },
  'conversation.read': { visitor: 'own', agent: 'own-or-waiting', ...readers, integration: 'read:events' },
  'content.read': { visitor: 'own', agent: 'own-or-waiting', ...supervisors, integration: 'read:content' },
  'note.read': { agent: 'own-or-waiting', ...supervisors, integration: 'read:content' },
  'comment.read': supervisors,
  'visitor.leave': { visitor: 'own', integration: 'channel:write', system: 'all' },
  pick: { agent: 'own-or-team', system: 'all' },
  requeue: { system: 'all', integration: 'routing' },
  'return-to-queue': { agent: 'own', system: 'all', integration: 'routing' },
  pause: { agent: 'own', integration: 'lifecycle:pause' },
  resume: { agent: 'own' },
  'hand-over': { integration: 'channel:write', system: 'all' },
  reassign: { agent: 'own', ...supervisors, integration: 'lifecycle:reassign' },
  'close.agent': { agent: 'own' },
  'close.supervisor': { ...supervisors, integration: 'lifecycle:close' },
  cancel: { ...administrators, integration: 'lifecycle:cancel' },
  'end-session': { agent: 'own', system: 'all' },
  deadline: { system: 'all' },
  qualify: { agent: 'own', ...supervisors, integration: 'lifecycle:qualify' },
  note: { agent: 'own', ...supervisors, integration: 'lifecycle:qualify' },
  transaction: { agent: 'own', ...supervisors, integration: 'lifecycle:qualify', system: 'all' },
  rate: { agent: 'own' },
  'survey.answer': { visitor: 'all', system: 'all' },
  transcript: { agent: 'own', ...supervisors },
  export: { agent: 'own', ...supervisors },
  'tag.create': { agent: 'all', ...supervisors },
  'ticket.read': { agent: 'own-or-waiting', ...supervisors, integration: 'read:events' },
  'ticket.write': { agent: 'own', ...supervisors },
  'presence.visitor': { visitor: 'all', integration: 'channel:write' },
  'presence.agent': { agent: 'own' },
  'capacity.read': { agent: 'own', ...supervisors },
  'capacity.set': supervisors,
  desk: { agent: 'own' },
  'live-activity': readers,
  explain: readers,
  bulk: supervisors,
  repin: administrators,
  simulate: readers,
  'configuration.read': { agent: 'all', ...readers },
  'configuration.write': administrators,
  'webhooks.read': { 'super-administrator': 'tenant', auditor: 'all' },
  'webhooks.write': { 'super-administrator': 'tenant' },
  'deliveries.read': readers,
  'reports.read': { agent: 'own', ...readers, integration: 'read:stats' },
  'exports.read': { ...readers, integration: 'read:stats' },
  rebuild: { 'super-administrator': 'tenant' },
  'audit.read': { ...administrators, auditor: 'all' },
  erase: { 'super-administrator': 'tenant', integration: 'privacy', system: 'all' },
  'erasure.approve': { 'super-administrator': 'tenant' },
  'legal-hold': { 'super-administrator': 'tenant' },
  'contact.export': { 'super-administrator': 'tenant', integration: 'privacy' },
} as const satisfies Record<string, Grants>;

export type Verb = keyof typeof ACCESS;

const grantOf = (role: Role, verb: Verb): Grant | undefined => {
  const grants: Grants = ACCESS[verb];
  return grants[role];
};

const isTokenScope = (grant: Grant): grant is TokenScope =>
  grant.includes(':') || grant === 'privacy' || grant === 'routing';

/** FORBIDDEN_ROLE when not: no role of the caller has this verb, or a machine's token lacks its scope. Needs no conversation. */
export const mayCall = (roles: readonly Role[], scopes: readonly string[], verb: Verb): boolean =>
  roles.some((role) => {
    const grant = grantOf(role, verb);
    return grant !== undefined && (!isTokenScope(grant) || scopes.includes(grant));
  });

/** What of a conversation decides who reaches it; `Conversation`, `ConversationView` and every row of a list have it. */
export interface Reachable {
  status: Status;
  campaign: string;
  group: string;
  contactId: string;
  assignedTo?: string | null;
  closing?: { statsAgent: string | null } | null;
}

/** FORBIDDEN_SCOPE when not: the conversation lies outside what the caller's role reaches with this verb. */
export function reaches(caller: Caller, verb: Verb, conversation: Reachable): boolean {
  const grant = grantOf(caller.role, verb);
  return (
    grant !== undefined && (isTokenScope(grant) ? caller.scopes.includes(grant) : REACHES[grant](caller, conversation))
  );
}

const owns = (caller: Caller, { assignedTo, closing, contactId }: Reachable): boolean =>
  caller.id === (caller.role === 'visitor' ? contactId : closing ? closing.statsAgent : assignedTo);

const serves = ({ scopes }: Caller, { group }: Reachable): boolean => scopes.includes(`team:${group}`);

const WAITING: readonly Status[] = ['pending', 'paused'];

const REACHES: Record<Reach, (caller: Caller, conversation: Reachable) => boolean> = {
  own: owns,
  'own-or-team': (caller, conversation) => owns(caller, conversation) || serves(caller, conversation),
  'own-or-waiting': (caller, conversation) =>
    owns(caller, conversation) || (WAITING.includes(conversation.status) && serves(caller, conversation)),
  team: serves,
  campaign: ({ scopes }, { campaign }) => scopes.includes(`campaign:${campaign}`),
  tenant: ({ scopes }) => scopes.includes('tenant'),
  all: () => true,
};

/** The verb that a command needs; an agent's close and a supervisor's are two (A3). */
export function verbOf(command: Command): Verb {
  if (command.type === 'close') return command.caller.kind === 'agent' ? 'close.agent' : 'close.supervisor';
  if (command.type === 'message') return verbOfMessage(command);
  return VERBS[command.type];
}

function verbOfMessage({ author, caller }: CommandOf<'message'>): Verb {
  if (author === 'visitor') return 'message.receive';
  return caller.kind === 'integration' ? 'message.relay' : 'message.send';
}

const VERBS = {
  start: 'message.receive',
  reactivate: 'message.receive',
  handOver: 'hand-over',
  requeue: 'requeue',
  assign: 'pick',
  reassign: 'reassign',
  pause: 'pause',
  resume: 'resume',
  returnToQueue: 'return-to-queue',
  cancel: 'cancel',
  endSession: 'end-session',
  visitorLeft: 'visitor.leave',
  deadline: 'deadline',
  qualify: 'qualify',
  addNote: 'note',
  trackTransaction: 'transaction',
  answerSurvey: 'survey.answer',
  rate: 'rate',
  erase: 'erase',
} as const satisfies Record<Exclude<Command['type'], 'close' | 'message'>, Verb>;

/** What a signal acts as: a machine that policy alone holds back (contract.md, Temporal). */
export const SIGNAL_CALLER: Caller = {
  kind: 'integration',
  id: 'signal',
  role: 'integration',
  scopes: [
    'channel:write',
    'lifecycle:pause',
    'lifecycle:close',
    'lifecycle:cancel',
    'lifecycle:reassign',
    'lifecycle:qualify',
  ],
};
