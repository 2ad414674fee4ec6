import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { ConversationView } from '@parley/contracts/conversation';
import { answerOrProblem } from '../src/command-outcome.js';
import { effectText } from '../src/effect-text.js';
import { Health } from '../src/health.js';
import { languageOf } from '../src/language.js';
import { createLog } from '../src/log.js';
import { RateLimit } from '../src/rate-limit.js';
import type { RunningService } from '../src/run-service.js';
import { Shutdown, SHUTDOWN_STAGES } from '../src/shutdown.js';
import { ask, post, refused } from './asking.js';
import { silent, startSmall } from './small-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await startSmall();
});
afterAll(() => service.stop());

describe('health', () => {
  const healthWith = (...checks: Parameters<Health['add']>[0][]) => {
    const shutdown = new Shutdown(silent);
    const health = new Health(shutdown);
    for (const check of checks) health.add(check);
    return { health, shutdown };
  };
  test('Temporal or Kafka away is degraded, the database away is unavailable', async () => {
    const kafka = { name: 'kafka', check: async () => false };
    const temporal = { name: 'temporal', check: () => Promise.reject(new Error('password=1')) };
    const database = { name: 'database', vital: true, check: async () => true };
    expect(await healthWith(kafka, temporal, database).health.report()).toEqual({
      status: 'degraded',
      checks: { kafka: { status: 'down' }, temporal: { status: 'down' }, database: { status: 'up' } },
    });
    const away = await healthWith({ ...database, check: async () => false }).health.report();
    expect(away.status).toBe('unavailable');
  });
  test('a check that hangs is down within a second', async () => {
    const startedAt = performance.now();
    const report = await healthWith({
      name: 'database',
      vital: true,
      check: () => new Promise(() => undefined),
    }).health.report();
    expect(report.status).toBe('unavailable');
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
  test('who is stopping is not ready', async () => {
    const { health, shutdown } = healthWith();
    expect((await health.report()).status).toBe('ok');
    shutdown.announce();
    expect((await health.report()).status).toBe('unavailable');
  });
  test('over HTTP', async () => {
    expect(JSON.parse((await ask(service.port, '/inbox/health/live')).text)).toEqual({ status: 'ok' });
    const ready = await ask(service.port, '/inbox/health/ready');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { status: 'ok', checks: {} }]);
  });
});

test('metrics name routes by their pattern, never by their path', async () => {
  await ask(service.port, '/inbox/v1/things/secret-id');
  const { text } = await ask(service.port, '/inbox/metrics');
  expect(text).toContain(
    'http_request_duration_seconds_count{service="inbox",method="GET",route="/inbox/v1/things/:thingId",status="200"} 1',
  );
  expect(text).not.toContain('secret-id');
  expect(text).toContain('process_cpu_user_seconds_total');
});

test('OpenAPI 3.1 tells every route with its schemas and refusals', async () => {
  const document = OpenApi.parse(JSON.parse((await ask(service.port, '/inbox/openapi.json')).text));
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).sort()).toEqual([
    '/inbox/v1/bug',
    '/inbox/v1/stream',
    '/inbox/v1/things',
    '/inbox/v1/things/{thingId}',
  ]);
  const write = document.paths['/inbox/v1/things']?.['post'];
  expect(write?.requestBody).toMatchObject({
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { name: { type: 'string', maxLength: 10 } },
          required: ['name'],
          additionalProperties: false,
        },
      },
    },
  });
  expect(Object.keys(write?.responses ?? {})).toEqual(
    expect.arrayContaining(['201', '400', '401', '409', '413', '415', '422', '429', '503']),
  );
  expect(document.paths['/inbox/v1/things/{thingId}']?.['get']?.parameters).toMatchObject([
    { name: 'thingId', in: 'path', required: true },
    { name: 'status', in: 'query', required: false, schema: { enum: ['open', 'closed'] } },
    { name: 'q', in: 'query', required: false },
  ]);
});
const Operation = z.looseObject({
  parameters: z.array(z.unknown()),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), z.unknown()),
});
const OpenApi = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

describe('rate limit', () => {
  test('so many at once, and again as time passes; each for himself', () => {
    let now = 0;
    const limit = new RateLimit(3, () => now);
    const takes = (who: string) => limit.take(who).passes;
    expect([takes('a'), takes('a'), takes('a'), takes('a'), takes('b')]).toEqual([true, true, true, false, true]);
    now = 334;
    expect([takes('a'), takes('a')]).toEqual([true, false]);
    now = 10_000;
    expect([takes('a'), takes('a'), takes('a'), takes('a')]).toEqual([true, true, true, false]);
  });
  test('over HTTP it is 429 with Retry-After', async () => {
    const own = await startSmall({}, { PARLEY_RATE_LIMIT: '2' });
    const path = '/inbox/v1/things/a';
    const answers = [await ask(own.port, path), await ask(own.port, path), await ask(own.port, path)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers['retry-after']).toBe('1');
    await own.stop();
  });
});

test('what a part’s absence throws is 503', async () => {
  const own = await startSmall({
    isUnavailable: (error) => error instanceof Error && error.message.includes('select'),
  });
  const answer = await post(own.port, '/inbox/v1/bug', '{}');
  expect([refused(answer), answer.headers['retry-after']]).toEqual([[503, 'unavailable'], '1']);
  await own.stop();
});

test('stages end in order, and a failing step holds nothing up', async () => {
  const shutdown = new Shutdown(silent);
  const ended: string[] = [];
  for (const stage of [...SHUTDOWN_STAGES].reverse()) shutdown.on(stage, () => void ended.push(stage));
  shutdown.on('consumers', () => Promise.reject(new Error('stuck')));
  for (const stage of SHUTDOWN_STAGES) await shutdown.runStage(stage);
  expect(ended).toEqual(['streams', 'consumers', 'workers', 'producers', 'database']);
});

test('logs are JSON, with what people say and what opens doors left out', () => {
  const lines: string[] = [];
  const log = createLog(
    'inbox',
    'info',
    new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) }),
  );
  log.info(
    {
      text: 'CANARY',
      contact: { email: 'CANARY', displayName: 'CANARY' },
      request: { headers: { authorization: 'CANARY' } },
    },
    'a\nb',
  );
  const error = Object.assign(new Error('broken'), { detail: 'Key (email)=(CANARY)', parameters: ['CANARY'] });
  log.error({ err: error }, 'failed');
  expect(lines.join('')).not.toContain('CANARY');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    service: 'inbox',
    message: 'a\nb',
    text: '[redacted]',
  });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ err: { type: 'Error', message: 'broken' } });
});

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['fr', 'fr'],
  ['fr-CA,fr;q=0.8,en;q=0.5', 'fr'],
  ['de, es;q=0.4, en;q=0.3', 'es'],
  ['en;q=0.1, es;q=0.9', 'es'],
  ['fr;q=0, es', 'es'],
  ['*', 'en'],
  ['de', 'en'],
  ['fr;q=abc', 'en'],
  [','.repeat(100_000), 'en'],
])('Accept-Language %s', (header, language) => expect(languageOf(header?.slice(0, 2000))).toBe(language));

test('A6: an answer names only effects that somebody brings about: nobody tells the visitor yet', () => {
  const done = {
    kind: 'done',
    outcome: 'closed',
    sequence: 4,
    conversation: {} as ConversationView,
    effects: [
      { code: 'counts-for', data: { agentId: 'agent-1' } },
      { code: 'visitor-told', data: { how: 'message', reduceAfterMs: null } },
      { code: 'leaves-panel', data: {} },
    ],
  } as const;
  for (const dryRun of [true, false]) {
    const answer = answerOrProblem(done, { language: 'en', commandId: 'cmd:1', dryRun });
    expect('effects' in answer && answer.effects.map(({ code }) => code)).toEqual(['counts-for', 'leaves-panel']);
  }
});

test('effects are whole sentences in three languages', () => {
  const sentences = (['en', 'fr', 'es'] as const).map((language) => [
    effectText('counts-for', { agentId: null }, language),
    effectText('capacity-freed', { agentId: 'agent-1', kind: 'email' }, language),
    effectText('visitor-told', { how: 'message-and-reduce', reduceAfterMs: 5000 }, language),
    effectText('survey-requested', {}, language),
  ]);
  expect(sentences).toEqual([
    [
      'It counts for no agent in the statistics.',
      'One e-mail place of agent-1 is free again.',
      'The visitor is told that the conversation has ended.',
      'The satisfaction survey is requested.',
    ],
    [
      'Elle n’est comptée pour aucun agent dans les statistiques.',
      'Une place d’e-mail de agent-1 est de nouveau libre.',
      'Le visiteur est informé de la fin de la conversation.',
      'L’enquête de satisfaction est demandée.',
    ],
    [
      'No cuenta para ningún agente en las estadísticas.',
      'Una plaza de correo de agent-1 vuelve a estar libre.',
      'Se informa al visitante de que la conversación ha terminado.',
      'Se solicita la encuesta de satisfacción.',
    ],
  ]);
});
