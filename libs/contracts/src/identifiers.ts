/** Sandbox-safe: no clock, no chance, no Node. A conversationId is its thread, the end of its run's first id and an ordinal. */
const THREAD_CHARS = 22;
const RUN_CHARS = 12;
const CONVERSATION_ID = /^cnv_([A-Za-z0-9_-]{22})([0-9a-f]{12})([0-9a-z]{1,8})$/;

export const workflowIdOf = (tenant: string, threadId: string): string => `conversation/${tenant}/${threadId}`;

/**
 * The last 12 digits of the run's first id, not the first: run ids begin with a time.
 * `ordinal` counts the conversations of one run from 1.
 */
export function conversationIdOf(threadId: string, firstRunId: string, ordinal: number): string {
  const run = firstRunId.replaceAll('-', '').slice(-RUN_CHARS);
  return `cnv_${threadId.slice(-THREAD_CHARS)}${run}${ordinal.toString(36)}`;
}

/** Another system's message ids need be unique in their thread alone; with us they are everywhere, and never like ours. */
export const foreignMessageIdOf = (threadId: string, theirs: string): string => `${threadId}:${theirs}`;

/** A message's id as the outside knows it: another system's as that system gave it. */
export function outsideMessageIdOf(threadId: string, messageId: string): string {
  const prefix = foreignMessageIdOf(threadId, '');
  return messageId.startsWith(prefix) ? messageId.slice(prefix.length) : messageId;
}

/** The thread in a conversationId, or undefined when it is none of ours; needs no look-up. */
export function threadOf(conversationId: string): string | undefined {
  const thread = CONVERSATION_ID.exec(conversationId)?.[1];
  return thread === undefined ? undefined : `th_${thread}`;
}
