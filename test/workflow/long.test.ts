import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { succeededBy } from '@parley/domain/conversation';
import { foldLogs } from '@parley/domain/fold';
import { viewOf } from '@parley/domain/view';
import { agent, command, manager, router, Stage, tenant, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const MESSAGES = 2000;
const AT_ONCE = 8;

const runIdOf = async (thread: Thread): Promise<string> =>
  (await stage.signed.workflow.getHandle(thread.workflowId).describe()).runId;

test('2,000 messages with commands between: the run continues as new, nothing is lost, counted twice or out of order', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  const firstRun = await runIdOf(thread);
  const sequences: number[] = [];
  const qualify = async (): Promise<void> => {
    const tags = [`tag-${sequences.length}`];
    const answer = await command(stage, conversationId, 'qualify', { caller: manager, tags });
    sequences.push(answer.kind === 'done' ? answer.sequence : -1);
  };
  while (thread.heard.length < MESSAGES) {
    const count = thread.heard.length;
    const some = Math.min(AT_ONCE, MESSAGES - count);
    await Promise.all([
      ...Array.from({ length: some }, () => thread.say({}, { deadlineMs: 30_000 })),
      count % 40 === 1 && qualify(),
    ]);
  }
  expect(await runIdOf(thread)).not.toBe(firstRun);
  await qualify();
  // Started and queued, then one event each.
  expect(sequences).toEqual(Array.from({ length: MESSAGES / 40 + 1 }, (_, index) => index + 3));
  expect(new Set(thread.heard.map((message) => message.conversationId))).toEqual(new Set([conversationId]));
  const numbers = thread.heard.map(({ messageNumber }) => messageNumber).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
  await stage.replaceWorkflowWorker();
  const state = await stage.client.state(tenant, conversationId);
  expect(state).toMatchObject({ answer: { messageCounts: { visitor: MESSAGES, agent: 0 } } });
  const sequence = state.kind === 'answer' ? state.answer.sequence : 0;
  await until(() => stage.world.lifeOf(conversationId).length === sequence);
  expect(stage.world.lifeOf(conversationId).map((event) => event.sequence)).toEqual(
    Array.from({ length: sequence }, (_, index) => index + 1),
  );
  const folded = foldLogs(stage.world.lifeOf(conversationId), thread.heard);
  expect(state).toEqual({ kind: 'answer', answer: folded && viewOf(folded) });
}, 400_000);

test('a worker with an empty cache answers every conversation of a run as the logs do: closed, in wrap-up, open', async () => {
  const thread = new Thread(stage, { preset: 'zendesk-messaging', change: { endSession: true } });
  const caller = agent('eva');
  const begun = async (): Promise<string> => {
    const { conversationId } = await thread.say();
    await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
    await thread.answerAs('eva', conversationId);
    return conversationId;
  };
  const inWrapUp = await begun();
  await command(stage, inWrapUp, 'endSession', { caller });
  const closed = await begun();
  await command(stage, closed, 'close', { caller, tags: ['refund'] });
  const open = await begun();
  await command(stage, inWrapUp, 'qualify', { caller, tags: ['delivery'] });
  const ids = [inWrapUp, closed, open];
  const answers = async () => {
    const replies = await Promise.all(ids.map((id) => stage.client.state(tenant, id)));
    return replies.map((reply) => (reply.kind === 'answer' ? reply.answer : reply));
  };
  const cached = await answers();
  expect(cached.map((state) => 'status' in state && state.status)).toEqual(['wrap-up', 'closed', 'active']);
  await stage.replaceWorkflowWorker();
  const replayed = await answers();
  expect(replayed).toEqual(cached);
  const isWhole = (id: string, index: number) => stage.world.lifeOf(id).length === sequenceOf(replayed[index]);
  await until(() => ids.every(isWhole));
  const folded = ids.map((id) => foldLogs(stage.world.lifeOf(id), heardIn(thread, id)));
  const successors = [closed, open, null];
  expect(replayed).toEqual(
    folded.map((state, index) => {
      const next = successors[index] ?? null;
      return state && viewOf(next === null ? state : succeededBy(state, next));
    }),
  );
});

const heardIn = ({ heard }: Thread, id: string) => heard.filter(({ conversationId }) => conversationId === id);
const sequenceOf = (state: object | undefined): unknown => (state && 'sequence' in state ? state.sequence : undefined);

test('with Kafka away a run continues as new all the same, carries what is unpublished, and refuses only chatter', async () => {
  const thread = new Thread(stage, { lingerMs: 1000 });
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await until(() => stage.world.lifeOf(conversationId).length === 3);
  stage.world.isKafkaUp = false;
  const firstRun = await runIdOf(thread);
  const tags = Array.from({ length: 50 }, (_, index) => `${'tag-'.repeat(15)}${index}`);
  const outcomes = new Set<string>();
  for (let count = 0; count < 400 && !outcomes.has('busy'); count += 5) {
    const answers = await Promise.all(
      [0, 1, 2, 3, 4].map((n) =>
        command(stage, conversationId, 'qualify', { caller: agent('eva'), tags: tags.slice((count + n) % 40) }),
      ),
    );
    answers.forEach(({ kind }) => outcomes.add(kind));
  }
  expect([...outcomes].sort()).toEqual(['busy', 'done']);
  while ((await runIdOf(thread)) === firstRun && thread.heard.length < 600) {
    await Promise.all(Array.from({ length: 40 }, () => thread.say({}, { deadlineMs: 30_000 })));
  }
  expect(await runIdOf(thread)).not.toBe(firstRun);
  const { heard } = thread;
  expect(await thread.say()).toMatchObject({ conversationId, messageNumber: heard.length });
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
