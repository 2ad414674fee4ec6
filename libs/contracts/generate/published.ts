import { z } from 'zod';
import { AgentActivity, AuditRecord } from '@parley/contracts/audit';
import { CONFIGURATION, ConfigurationRecord } from '@parley/contracts/configuration';
import { ConversationView } from '@parley/contracts/conversation';
import { Envelope, TOPICS } from '@parley/contracts/envelope';
import { LIFECYCLE_EVENTS } from '@parley/contracts/lifecycle-event';
import { MESSAGE_EVENTS } from '@parley/contracts/message-event';
import { ThreadId, Instant } from '@parley/contracts/primitives';

/** One kind of record that we publish: its type, and the flat value with the CloudEvents attributes in it. */
export interface PublishedType {
  readonly type: string;
  readonly summary: string;
  readonly schema: z.ZodType;
}

/** A topic as AsyncAPI shows it: what its key is, who alone writes it, what it carries. */
export interface PublishedTopic {
  readonly topic: string;
  readonly key: string;
  readonly description: string;
  readonly cleanup: 'delete' | 'compact';
  readonly partitions?: number;
  readonly types: readonly PublishedType[];
}

const published = (type: string, summary: string, shape: z.ZodRawShape): PublishedType => ({
  type,
  summary,
  schema: z.looseObject({ ...shape, ...Envelope.shape, type: z.literal(type) }),
});

const lifecycleTypes = Object.entries(LIFECYCLE_EVENTS).map(([name, event]) =>
  published(`conversation.${name}`, `The life of a conversation: ${name.replaceAll('-', ' ')}.`, event.shape),
);
const messageTypes = Object.entries(MESSAGE_EVENTS).map(([name, event]) =>
  published(`conversation.${name}`, `That something was said, never what: ${name.replaceAll('-', ' ')}.`, event.shape),
);

const { availableCommands: _perCaller, ...view } = ConversationView.shape;
const state = z.object({
  ...view,
  availableCommands: z.null(),
  time: Instant,
  tenantid: z.string(),
  threadid: ThreadId,
});

/** Its value has the shape of its `kind`. */
const configuration = { ...ConfigurationRecord.shape, value: z.union(Object.values(CONFIGURATION)).nullable() };

export const publishedTopics: readonly PublishedTopic[] = [
  {
    topic: TOPICS.lifecycle,
    key: 'thread',
    description: 'The life of each conversation, `sequence` 1..n without a gap; written by the workflows alone.',
    cleanup: 'delete',
    partitions: 12,
    types: lifecycleTypes,
  },
  {
    topic: TOPICS.messages,
    key: 'thread',
    description:
      'That something was said; order in a conversation is (`afterSequence`, `messageNumber`); written by inbox alone.',
    cleanup: 'delete',
    partitions: 12,
    types: messageTypes,
  },
  {
    topic: TOPICS.state,
    key: 'conversationId',
    description: 'The newest state of each conversation, a fold of the two logs; written by admin alone.',
    cleanup: 'compact',
    types: [published('conversation.state', 'The newest state of a conversation.', state.shape)],
  },
  {
    topic: TOPICS.audit,
    key: 'tenant',
    description: 'Refused commands and signals, administrative acts; folded and served by admin.',
    cleanup: 'delete',
    types: AuditRecord.shape.type.options.map((type) =>
      published(type, `For the audit: ${type.replace('audit.', '').replaceAll('-', ' ')}.`, AuditRecord.shape),
    ),
  },
  {
    topic: TOPICS.agentActivity,
    key: 'agent',
    description: 'Presence as agents set it, and each capacity lease taken or freed; written by inbox alone.',
    cleanup: 'delete',
    types: AgentActivity.shape.type.options.map((type) =>
      published(type, `Of an agent: ${type.replace('agent.', '').replaceAll('-', ' ')}.`, AgentActivity.shape),
    ),
  },
  {
    topic: TOPICS.configuration,
    key: 'tenant/kind/id',
    description: 'What tenants configure, one value a key; `value: null` withdraws it.',
    cleanup: 'compact',
    types: [published('parley.configuration-changed', 'One value as it is configured now.', configuration)],
  },
];
