import { z } from 'zod';
import { Instant } from './primitives.js';

/** CloudEvents 1.0 attributes that publishing adds; the flat value repeats them for readers that see no headers. */
export const Envelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  subject: z.string(),
  dataschema: z.string(),
  partitionkey: z.string(),
  /** When its publishing was scheduled; the same on every attempt. */
  recordedtime: Instant,
});
export type Envelope = {
  specversion: '1.0';
  id: string;
  source: string;
  subject: string;
  dataschema: string;
  partitionkey: string;
  recordedtime: string;
};

export const TOPICS = {
  lifecycle: 'conversation.lifecycle.v1',
  messages: 'conversation.messages.v1',
  state: 'conversation.state.v1',
  audit: 'conversation.audit.v1',
  agentActivity: 'agent.activity.v1',
  configuration: 'parley.configuration.v1',
} as const;
export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

export const deadLetterTopic = (group: string): string => `${group}.dead-letter`;
