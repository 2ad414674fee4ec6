import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MessageEvent } from '@parley/contracts/message-event';
import { foldLogs } from '@parley/domain/fold';
import { viewOf } from '@parley/domain/view';
import { agent, command, manager, router, Stage, tenant, Thread, type Placed } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const MESSAGES = 2000;
const AT_ONCE = 8;

interface Sent {
  place: Placed;
  event: MessageEvent;
}

async function say(thread: Thread, conversationId?: string): Promise<Sent> {
  const update = thread.update();
  const reply = await stage.client.message(tenant, thread.threadId, update, { deadlineMs: 30_000 });
  if (reply.kind !== 'answer' || reply.answer.kind !== 'placed') throw new Error(JSON.stringify(reply));
  const { answer: place } = reply;
  if (conversationId !== undefined) expect(place.conversationId).toBe(conversationId);
  return { place, event: eventOf(thread, place, update.messageId, update.acceptedAt) };
}

const eventOf = (thread: Thread, place: Placed, messageId: string, acceptedAt: string): MessageEvent => ({
  type: 'conversation.message-received',
  time: place.decidedAt,
  acceptedAt,
  tenantid: tenant,
  threadid: thread.threadId,
  conversationId: place.conversationId,
  messageId,
  messageNumber: place.messageNumber,
  afterSequence: place.afterSequence,
  author: 'visitor',
  agentId: null,
  length: 5,
  channelAccount: 'whatsapp',
});

const runIdOf = async (thread: Thread): Promise<string> =>
  (await stage.signed.workflow.getHandle(thread.workflowId).describe()).runId;

test('2,000 messages with commands between: the run continues as new, nothing is lost, counted twice or out of order', async () => {
  const thread = new Thread(stage);
  const acceptedAt = new Date().toISOString();
  const first = await thread.say({ messageId: 'msg_first', acceptedAt });
  const { conversationId } = first;
  const firstRun = await runIdOf(thread);
  const sent: Sent[] = [{ place: first, event: eventOf(thread, first, 'msg_first', acceptedAt) }];
  while (sent.length < MESSAGES) {
    const some = Math.min(AT_ONCE, MESSAGES - sent.length);
    const tags = [`tag-${'abcdefgh'[sent.length % 8]}`];
    const [batch] = await Promise.all([
      Promise.all(Array.from({ length: some }, () => say(thread, conversationId))),
      sent.length % 40 === 1 && command(stage, conversationId, 'qualify', { caller: manager, tags }),
    ]);
    sent.push(...batch);
  }
  expect(await runIdOf(thread)).not.toBe(firstRun);
  const numbers = sent.map(({ place }) => place.messageNumber).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
  await stage.replaceWorkflowWorker();
  const state = await stage.client.state(tenant, conversationId);
  expect(state).toMatchObject({ answer: { messageCounts: { visitor: MESSAGES, agent: 0 } } });
  const sequence = state.kind === 'answer' ? state.answer.sequence : 0;
  await until(() => stage.world.lifeOf(conversationId).length === sequence);
  expect(stage.world.lifeOf(conversationId).map((event) => event.sequence)).toEqual(
    Array.from({ length: sequence }, (_, index) => index + 1),
  );
  const folded = foldLogs(
    stage.world.lifeOf(conversationId),
    sent.map(({ event }) => event),
  );
  expect(state).toEqual({ kind: 'answer', answer: folded && viewOf(folded) });
}, 400_000);

test('with Kafka away a run continues as new all the same, carries what is unpublished, and refuses only chatter', async () => {
  const thread = new Thread(stage, { lingerMs: 1000 });
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await until(() => stage.world.lifeOf(conversationId).length === 3);
  stage.world.isKafkaUp = false;
  const firstRun = await runIdOf(thread);
  const tags = Array.from({ length: 50 }, (_, index) => `${'tag-'.repeat(15)}${index}`);
  const outcomes = new Set<string>();
  for (let count = 0; count < 540; count += 6) {
    const answers = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((n) =>
        command(stage, conversationId, 'qualify', { caller: agent('eva'), tags: tags.slice((count + n) % 40) }),
      ),
    );
    answers.forEach(({ kind }) => outcomes.add(kind));
  }
  expect([...outcomes].sort()).toEqual(['busy', 'done']);
  await until(async () => (await runIdOf(thread)) !== firstRun);
  expect(await thread.say()).toMatchObject({ conversationId, messageNumber: 2 });
  const caller = agent('eva');
  expect(await command(stage, conversationId, 'pause', { caller })).toEqual({ kind: 'busy', retryAfterMs: 1000 });
  expect(await command(stage, conversationId, 'close', { caller })).toMatchObject({ outcome: 'closed' });
  expect(stage.world.lifeOf(conversationId)).toHaveLength(3);
  stage.world.isKafkaUp = true;
  const record: unknown = await stage.signed.workflow.getHandle(thread.workflowId).result();
  expect(record).toMatchObject({ newest: { status: 'closed' } });
  const life = stage.world.lifeOf(conversationId);
  expect(life.map(({ sequence }) => sequence)).toEqual(life.map((_, index) => index + 1));
  expect(life.at(-1)).toMatchObject({ type: 'conversation.survey-requested' });
  expect(Math.max(...stage.world.batches.map((batch) => batch.length))).toBeLessThanOrEqual(100);
  expect(Math.max(...stage.world.batches.map((batch) => JSON.stringify(batch).length))).toBeLessThan(140_000);
}, 200_000);
