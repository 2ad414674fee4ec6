import type {
  Author,
  Closing,
  MessageCounts,
  NoteRef,
  PendingReason,
  Presence,
  SessionEndReason,
  Survey,
} from './conversation.js';
import type { Policy } from './policy.js';

/**
 * What `decide` takes and `evolve` makes: a fold of the two logs, JSON through and through (it crosses
 * continue-as-new and lies in the archive). The status decides which further fields exist.
 */
export interface ConversationCore {
  conversationId: string;
  threadId: string;
  tenant: string;
  channelAccount: string;
  channelKind: 'site' | 'third-party';
  surveyOn: boolean;
  campaign: string;
  paidPerConversation: boolean;
  group: string;
  contactId: string;
  policy: Policy;
  sequence: number;
  episode: number;
  startedAt: string;
  firstResponseAt: string | null;
  lastMessageAt: string | null;
  lastMessageFrom: Author | null;
  messageCounts: MessageCounts;
  /** 1..n over all episodes. */
  lastMessageNumber: number;
  /** The one instant it waits for; null while only a message or a command can move it (B12). */
  deadlineAt: string | null;
  /** How many of the policy's warnings were given since the deadline moved last. */
  warningsGiven: number;
  previousConversationId: string | null;
  nextConversationId: string | null;
  tags: string[];
  category: string | null;
  subcategory: string | null;
  notes: NoteRef[];
  /** The last agent who sent a message in this episode: A12; on a paid campaign also the expert of A8. */
  lastSender: string | null;
  survey: Survey | null;
  ticketId: string | null;
  archived: boolean;
  erased: boolean;
  /** The first record of every episode that ended, newest last: an older episode is answered from here. */
  closings: { episode: number; sequence: number; status: 'closed' | 'cancelled'; closing: Closing }[];
}

export type Situated =
  | { status: 'bot' }
  | { status: 'pending'; pendingReason: PendingReason }
  | { status: 'assigned' | 'active' | 'paused'; assignedTo: string }
  | { status: 'wrap-up'; assignedTo: string; sessionEndReason: SessionEndReason }
  | { status: 'closed' | 'cancelled'; closing: Closing };

export type Conversation = ConversationCore & Situated;

/** What decides beside the log: the visitor's presence (A9), and the rules that this run began with (`patched()`). */
export interface Facts {
  presence: Presence;
  rulesVersion: number;
}
