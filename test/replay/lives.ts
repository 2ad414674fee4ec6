import { setTimeout as sleep } from 'node:timers/promises';
import { agent, command, manager, newMessageId, router, Thread, visitor, type Stage } from '../workflow/harness.js';
import { until } from '../workflow/until.js';

/** What threads live through, each once; every rule that decides or folds should be met by one of them. */
export type Life = (stage: Stage) => Promise<Thread>;

const lease = { granted: 'lease' };
const administrator = () => ({
  kind: 'supervisor' as const,
  id: 'administrator-1',
  role: 'administrator' as const,
  scopes: ['campaign:whatsapp'],
});
const assign = (stage: Stage, conversationId: string, to = 'eva') =>
  command(stage, conversationId, 'assign', { caller: router, to, lease });
const close = (stage: Stage, conversationId: string) => command(stage, conversationId, 'close', { caller: manager });
const isPublished = (stage: Stage, conversationId: string, type: string) => () =>
  stage.world.lifeOf(conversationId).some((event) => event.type === `conversation.${type}`);
const ended = (stage: Stage, thread: Thread) => stage.signed.workflow.getHandle(thread.workflowId).result();

export const lives: Record<string, Life> = {
  'a supervisor closes': async (stage) => {
    const thread = new Thread(stage, { lingerMs: 300 });
    const { conversationId } = await thread.say();
    await close(stage, conversationId);
    await close(stage, conversationId);
    await ended(stage, thread);
    return thread;
  },

  'an agent answers, closes, and qualifies later': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await assign(stage, conversationId);
    await thread.answerAs('eva', conversationId);
    await thread.answerAs('max', conversationId);
    const caller = agent('eva');
    await command(stage, conversationId, 'rate', { caller, exchange: 5, tool: null });
    await command(stage, conversationId, 'close', { caller, tags: ['refund'], noteId: 'note_1' });
    await command(stage, conversationId, 'qualify', { caller, tags: ['refund', 'delivery'] });
    await command(stage, conversationId, 'addNote', { caller, noteId: 'note_2' });
    const sale = { transactionId: 't_1', amountMinor: 990, currency: 'EUR', at: new Date().toISOString() };
    await command(stage, conversationId, 'trackTransaction', { caller: manager, ...sale });
    return thread;
  },

  'three conversations of one thread': async (stage) => {
    const thread = new Thread(stage);
    const messageId = newMessageId();
    const first = await thread.say({ messageId });
    await close(stage, first.conversationId);
    const second = await thread.say();
    await close(stage, second.conversationId);
    await thread.say();
    await stage.signed.workflow
      .getHandle(thread.workflowId)
      .executeUpdate<unknown, [unknown]>('message', { args: [thread.update({ messageId })] });
    return thread;
  },

  'paused, and resumed by a message that has room': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await assign(stage, conversationId);
    await command(stage, conversationId, 'pause', { caller: agent('eva') });
    await thread.say({ lease });
    await command(stage, conversationId, 'pause', { caller: agent('eva') });
    await command(stage, conversationId, 'resume', { caller: agent('eva'), lease });
    return thread;
  },

  'paused, and queued again by a message without': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await assign(stage, conversationId);
    await command(stage, conversationId, 'pause', { caller: agent('eva') });
    await thread.say({ lease: { refused: 'CAPACITY_FULL' } });
    await command(stage, conversationId, 'requeue', { caller: router, pendingReason: 'out-of-hours' });
    await assign(stage, conversationId, 'max');
    await command(stage, conversationId, 'returnToQueue', { caller: agent('max') });
    return thread;
  },

  'reassigned: granted, refused, ended while it waits': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    stage.world.grant = async () => lease;
    await command(stage, conversationId, 'reassign', { caller: manager, to: 'eva', commentId: 'comment_1' });
    stage.world.grant = async () => ({ refused: 'CAPACITY_FULL' });
    await command(stage, conversationId, 'reassign', { caller: manager, to: 'max' });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    let isAsked = false;
    stage.world.grant = () => ((isAsked = true), promise);
    const waiting = command(stage, conversationId, 'reassign', { caller: manager, to: 'ida' });
    await until(() => isAsked);
    await close(stage, conversationId);
    await waiting;
    resolve(lease);
    await until(() => stage.world.freed.some((freed) => freed.conversationId === conversationId));
    return thread;
  },

  'silence: two warnings, then the natural close': async (stage) => {
    const change = { inactivityMs: 4000, inactivityWarningsMs: [2500, 1200] };
    const thread = new Thread(stage, { change, lingerMs: 500 });
    const { conversationId } = await thread.say();
    await until(isPublished(stage, conversationId, 'inactivity-warned'));
    await thread.say();
    await ended(stage, thread);
    return thread;
  },

  'a message that waits in inbox keeps it open': async (stage) => {
    const thread = new Thread(stage, { change: { inactivityMs: 1000 } });
    const { conversationId } = await thread.say();
    stage.world.messageWaits = (threadId) => threadId === thread.threadId;
    await sleep(1800);
    stage.world.messageWaits = () => false;
    await thread.say();
    await until(isPublished(stage, conversationId, 'archived'));
    return thread;
  },

  'cancelled, written to again, cancelled again': async (stage) => {
    const thread = new Thread(stage, { preset: 'sellia-campaign', lingerMs: 300 });
    const start = { ...thread.start, pendingReason: 'out-of-hours' as const };
    const { conversationId } = await thread.say({ start });
    const caller = administrator();
    await command(stage, conversationId, 'cancel', { caller });
    await command(stage, conversationId, 'cancel', { caller, category: 'spam', commentId: 'comment_1' });
    await thread.say({ start });
    await command(stage, conversationId, 'cancel', { caller, category: 'no-answer', subcategory: 'customer' });
    await command(stage, conversationId, 'cancel', { caller, episode: 1 });
    await ended(stage, thread);
    await thread.say({ start });
    return thread;
  },

  'a session ends, its ticket stays open beside the next conversation': async (stage) => {
    const change = { endSession: true };
    const thread = new Thread(stage, { preset: 'zendesk-messaging', change, lingerMs: 400 });
    const first = await thread.say();
    await assign(stage, first.conversationId);
    await thread.answerAs('eva', first.conversationId);
    await command(stage, first.conversationId, 'visitorLeft', { caller: visitor });
    await command(stage, first.conversationId, 'endSession', { caller: agent('eva') });
    const second = await thread.say();
    await command(stage, first.conversationId, 'close', { caller: agent('eva') });
    await until(() => stage.world.archived.has(first.conversationId));
    await thread.say();
    await command(stage, second.conversationId, 'pause', { caller: agent('eva') });
    return thread;
  },

  'hostile and foreign signals': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    const handle = stage.foreign.workflow.getHandle(thread.workflowId);
    await handle.signal('close');
    await handle.signal('close', null);
    await handle.signal('close', { conversationId, role: 'super-administrator' });
    await handle.signal('unheard-of', { conversationId });
    await handle.signal('__temporal_unheard_of', { conversationId });
    await handle.signal('message', { conversationId, messageId: 'elsewhere-1', author: 'visitor' });
    await handle.signal('close', { conversationId, commandId: 'theirs', tags: ['Opening hours'] });
    await handle.signal('message', { conversationId, messageId: 'elsewhere-2', author: 'visitor' });
    await handle.executeUpdate<unknown, [unknown]>('close', {
      args: [{ conversationId, command: { commandId: 'forged', caller: manager } }],
    });
    await handle.cancel();
    await thread.say();
    const ofThread = ({ threadId }: { threadId: string }) => threadId === thread.threadId;
    await until(() => stage.world.foreign.filter(ofThread).length === 2);
    await until(() => stage.world.refused.filter(ofThread).length === 5);
    return thread;
  },

  'continued as new with Kafka away': async (stage) => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await until(isPublished(stage, conversationId, 'queued'));
    stage.world.isKafkaUp = false;
    await command(stage, conversationId, 'qualify', { caller: manager, tags: ['refund'] });
    while (thread.heard.length < 520) await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => thread.say()));
    await assign(stage, conversationId);
    await thread.answerAs('eva', conversationId);
    stage.world.isKafkaUp = true;
    await close(stage, conversationId);
    await until(isPublished(stage, conversationId, 'survey-requested'));
    return thread;
  },

  'a run that asks for the past, and its second with one': async (stage) => {
    const thread = new Thread(stage, { lingerMs: 300 });
    await stage.client.messageWithStart('demo', thread.threadId, thread.update(), thread.input);
    const { conversationId } = await thread.say();
    await close(stage, conversationId);
    await ended(stage, thread);
    await thread.say();
    return thread;
  },

  'a paid campaign: the expert is not paid when a supervisor closes': async (stage) => {
    const thread = new Thread(stage, { preset: 'iadvize-onsite', change: { flowSteps: 1 } });
    const start = { ...thread.start, paidPerConversation: true, channelKind: 'site' as const };
    const { conversationId } = await thread.say({ start, presence: { online: true, authenticated: false } });
    await command(stage, conversationId, 'handOver', { caller: router });
    await assign(stage, conversationId, 'expert-1');
    await thread.answerAs('expert-1', conversationId, { start });
    const update = { presence: { online: true, authenticated: true } };
    await stage.client.presence('demo', thread.threadId, update, 'presence:1');
    await close(stage, conversationId);
    await command(stage, conversationId, 'erase', { caller: router });
    return thread;
  },
};
