import { Controller, Module } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { CommandAnswer, type ConversationView } from '@parley/contracts/conversation';
import { CommandEndpoint } from '../src/command-endpoint.js';
import type { CommandOutcome } from '../src/command-outcome.js';
import { AsCommand, type CommandRequest } from '../src/command-request.js';
import { IdempotencyPort, type Claim, type IdempotentRequest, type KeptAnswer } from '../src/idempotency.js';
import { problem, reasonProblem } from '../src/problem.js';
import { RefusalAudit, type RefusedRequest } from '../src/refusal-audit.js';
import { requestContext } from '../src/request-context.js';
import { Input, Route, route, type InputOf } from '../src/route.js';
import { startService, type RunningService } from '../src/run-service.js';
import { ask, problemIn, refused, type Answer } from './asking.js';
import { settings, silent } from './small-service.js';

const view: ConversationView = {
  conversationId: 'cnv_1',
  threadId: 'th_aaaaaaaaaaaaaaaaaaaaaa',
  tenant: 'demo',
  channelAccount: 'site',
  campaign: 'site',
  group: 'support',
  contactId: 'ctc_1',
  policy: { name: 'iadvize-onsite', version: 1 },
  status: 'closed',
  pendingReason: null,
  sequence: 9,
  episode: 1,
  assignedTo: null,
  startedAt: '2026-11-21T10:00:00.000Z',
  firstResponseAt: null,
  lastMessageAt: null,
  lastMessageFrom: null,
  messageCounts: { visitor: 1, agent: 0 },
  deadlineAt: null,
  previousConversationId: null,
  nextConversationId: null,
  tags: [],
  category: null,
  subcategory: null,
  notes: [],
  closing: null,
  survey: null,
  ticketId: null,
  archived: false,
  erased: false,
  availableCommands: null,
};
const done: CommandOutcome = {
  kind: 'done',
  outcome: 'closed',
  sequence: 9,
  conversation: view,
  effects: [{ code: 'survey-suppressed', data: { reason: 'survey-off' } }],
};

/** In memory what @parley/persistence does in PostgreSQL. */
class Kept extends IdempotencyPort {
  readonly rows = new Map<string, { fingerprint: string; isFree?: boolean; answer?: KeptAnswer }>();
  async claim({ tenant, caller, key, fingerprint }: IdempotentRequest): Promise<Claim> {
    const name = `${tenant} ${caller} ${key}`;
    const row = this.rows.get(name);
    if (row && row.fingerprint !== fingerprint) return { kind: 'other-request' };
    if (row?.answer) return { kind: 'replay', answer: row.answer };
    if (row && !row.isFree) return { kind: 'in-flight', retryAfterMs: 1000 };
    this.rows.set(name, { fingerprint });
    return { kind: 'claimed', owner: name };
  }
  async finish(_: IdempotentRequest, owner: string, answer: KeptAnswer): Promise<void> {
    const isKept = answer.status < 300 || [409, 410, 412, 422].includes(answer.status);
    const row = this.rows.get(owner);
    if (isKept && row) row.answer = answer;
    else if (row) row.isFree = true;
  }
}
class Audit extends RefusalAudit {
  readonly records: RefusedRequest[] = [];
  async refused(record: RefusedRequest): Promise<void> {
    this.records.push(record);
  }
}
const kept = new Kept();
const audit = new Audit();
let outcome: CommandOutcome | (() => Promise<CommandOutcome>);
let reach: () => Promise<void>;
const performed: { id: string; ifSequence: number | undefined }[] = [];

const close = route({
  method: 'POST',
  path: 'conversations/:conversationId/close',
  summary: 'Closes',
  params: z.strictObject({ conversationId: z.string() }),
  body: z.strictObject({ comment: z.string().optional() }),
  answer: CommandAnswer,
  command: true,
});

@Controller()
class CloseController {
  constructor(private readonly commands: CommandEndpoint) {}
  @Route(close)
  close(@Input() { body }: InputOf<typeof close>, @AsCommand() request: CommandRequest): Promise<CommandAnswer> {
    const principal = { tenant: 'demo', subject: 'manager-1', roles: [], scopes: [], expiresAt: '' };
    Object.assign(requestContext(), {
      principal,
      actor: { kind: 'supervisor', id: 'manager-1', role: 'manager' },
      verb: 'close.supervisor',
    });
    void body;
    return this.commands.run({
      request,
      tenant: 'demo',
      caller: { kind: 'supervisor', id: 'manager-1' },
      reach: () => reach(),
      rehearse: async () => (typeof outcome === 'function' ? outcome() : outcome),
      perform: async (id) => {
        performed.push({ id, ifSequence: request.ifSequence });
        return typeof outcome === 'function' ? outcome() : outcome;
      },
    });
  }
}
const thing = { path: 'things' } as const;
const write = route({ ...thing, method: 'PUT', summary: 'Writes', command: true });
const remove = route({ ...thing, method: 'DELETE', summary: 'Removes', command: 'without-dry-run' });
const readThing = route({ ...thing, method: 'GET', summary: 'Reads' });
const readConversation = route({
  method: 'GET',
  path: 'conversations/:conversationId',
  summary: 'Reads',
  params: z.strictObject({ conversationId: z.string() }),
});
const manager = { kind: 'supervisor', id: 'manager-1' } as const;

@Controller()
class ThingController {
  constructor(private readonly commands: CommandEndpoint) {}
  @Route(write)
  write(@Input() _: InputOf<typeof write>, @AsCommand() request: CommandRequest): Promise<object> {
    const rehearse = async () => ({ written: false, version: 3 });
    const perform = async () => ({ written: true, version: 3 });
    return this.commands.keyed<object>({ request, tenant: 'demo', caller: manager, rehearse, perform });
  }
  @Route(remove)
  remove(@Input() _: InputOf<typeof remove>, @AsCommand() request: CommandRequest): Promise<object> {
    return this.commands.keyed({ request, tenant: 'demo', caller: manager, perform: async () => ({ gone: true }) });
  }
  @Route(readThing)
  read() {
    return { version: 3 };
  }
  @Route(readConversation)
  readConversation(): never {
    const principal = { tenant: 'demo', subject: 'manager-1', roles: [], scopes: [], expiresAt: '' };
    Object.assign(requestContext(), { principal, verb: 'conversation.read' });
    throw problem(404, 'not-found');
  }
}
@Module({
  controllers: [CloseController, ThingController],
  providers: [
    { provide: IdempotencyPort, useValue: kept },
    { provide: Audit, useValue: audit },
    { provide: RefusalAudit, useExisting: Audit },
  ],
  exports: [IdempotencyPort],
})
class CloseModule {}

let service: RunningService;
beforeAll(async () => {
  service = await startService(
    { name: 'admin', module: () => ({ module: CloseModule, global: true }) },
    settings(),
    silent,
  );
});
afterAll(() => service.stop());
beforeEach(() => {
  outcome = done;
  reach = async () => undefined;
  kept.rows.clear();
  performed.length = 0;
  audit.records.length = 0;
});

const ID = `cnv_${'a'.repeat(22)}${'0'.repeat(12)}1`;
const path = `/admin/v1/conversations/${ID}/close`;
const closeIt = (headers: Record<string, string> = {}, body = '{}', query = ''): Promise<Answer> =>
  ask(service.port, path + query, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const key = (value: string) => ({ 'idempotency-key': value });

test('a command is answered with its effects in words, a tag and its key', async () => {
  const answer = await closeIt({ ...key('k1'), 'accept-language': 'fr-CA, en;q=0.5' });
  expect(answer.status).toBe(200);
  expect(CommandAnswer.parse(JSON.parse(answer.text))).toEqual({
    outcome: 'closed',
    sequence: 9,
    conversation: view,
    effects: [
      {
        code: 'survey-suppressed',
        text: 'Aucune enquête n’est envoyée : les enquêtes sont désactivées.',
        data: { reason: 'survey-off' },
      },
    ],
  });
  expect(answer.headers).toMatchObject({ etag: '"9"', 'idempotency-key': 'k1', 'cache-control': 'no-store' });
  expect(performed).toEqual([{ id: expect.stringMatching(/^cmd:[\w-]{43}$/), ifSequence: undefined }]);
});

describe('the same key', () => {
  test('gives the same answer, and the command is sent once', async () => {
    const first = await closeIt(key('k2'));
    outcome = { ...done, outcome: 'already-closed' };
    const second = await closeIt(key('k2'));
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true', etag: '"9"', 'idempotency-key': 'k2' });
    expect(second.headers['content-type']).toContain('application/json');
    expect(performed).toHaveLength(1);
  });
  test('with another body is 422', async () => {
    await closeIt(key('k3'));
    expect(refused(await closeIt(key('k3'), '{"comment":"x"}'))).toEqual([422, 'idempotency-mismatch']);
  });
  test('while the first still runs is 409 with Retry-After', async () => {
    const first = Promise.withResolvers<CommandOutcome>();
    outcome = () => first.promise;
    const running = closeIt(key('k4'));
    while (performed.length === 0) await new Promise(setImmediate);
    const second = await closeIt(key('k4'));
    expect([refused(second), second.headers['retry-after']]).toEqual([[409, 'in-progress'], '1']);
    first.resolve(done);
    expect((await running).status).toBe(200);
  });
  test('replays a refusal word for word', async () => {
    outcome = { kind: 'refused', reason: 'STALE_TARGET', currentSequence: 7, nextConversationId: 'cnv_2' };
    const first = await closeIt(key('k5'));
    expect(refused(first)).toEqual([409, 'stale-target']);
    expect(problemIn(first)).toMatchObject({
      reasonCode: 'STALE_TARGET',
      currentSequence: 7,
      nextConversationId: 'cnv_2',
      retryable: false,
    });
    outcome = done;
    const second = await closeIt(key('k5'));
    expect([second.status, second.text]).toEqual([409, first.text]);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(audit.records).toHaveLength(1);
  });
  test.each([
    [{ kind: 'unavailable' }, 503, 'unavailable'],
    [{ kind: 'unknown-outcome' }, 504, 'outcome-unknown'],
    [{ kind: 'busy', retryAfterMs: 1000 }, 503, 'unavailable'],
    [{ kind: 'behind' }, 503, 'unavailable'],
    [{ kind: 'not-found' }, 404, 'not-found'],
  ] as [CommandOutcome, number, string][])(
    'may be sent again after %j, with the same body',
    async (result, status, slug) => {
      outcome = result;
      const first = await closeIt(key('k6'));
      expect(refused(first)).toEqual([status, slug]);
      if (status === 503) expect(first.headers['retry-after']).toBe('1');
      outcome = done;
      expect(refused(await closeIt(key('k6'), '{"comment":"x"}'))).toEqual([422, 'idempotency-mismatch']);
      expect((await closeIt(key('k6'))).status).toBe(200);
      expect(new Set(performed.map(({ id }) => id)).size).toBe(1);
    },
  );
  test('of a command nobody answered names the command', async () => {
    outcome = { kind: 'unknown-outcome' };
    const answer = await closeIt(key('k7'));
    expect(problemIn(answer).commandId).toBe(performed[0]?.id);
  });
  test('may be sent again after a fault of ours', async () => {
    outcome = () => Promise.reject(new Error('boom'));
    expect(refused(await closeIt(key('k8')))).toEqual([500, 'internal']);
    outcome = done;
    expect((await closeIt(key('k8'))).status).toBe(200);
  });
  test('is looked at only after what the conversation refuses', async () => {
    await closeIt(key('k9'));
    reach = () => Promise.reject(reasonProblem('ERASED'));
    expect(refused(await closeIt(key('k9')))).toEqual([410, 'erased']);
  });
});

describe('headers', () => {
  test.each([['a'.repeat(256)], ['with space'], ['']])('Idempotency-Key %j is 400', async (value) => {
    expect(refused(await closeIt(key(value)))).toEqual([400, 'malformed']);
  });
  test('Idempotency-Key of 255 is taken, in other letters than ASCII it is not', async () => {
    expect((await closeIt(key('a'.repeat(255)))).status).toBe(200);
    expect(refused(await closeIt(key('clé')))).toEqual([400, 'malformed']);
  });
  test('without one a key is made, and works', async () => {
    const made = String((await closeIt()).headers['idempotency-key']);
    expect(made).toMatch(/^[\x21-\x7e]{36}$/);
    expect((await closeIt(key(made))).headers['idempotent-replayed']).toBe('true');
  });
  test.each([['abc'], ['9'], ['W/"9"'], ['"9", "10"'], ['"-1"'], ['"1e3"'], ['""']])(
    'If-Match %s is 400',
    async (value) => {
      expect(refused(await closeIt({ 'if-match': value }))).toEqual([400, 'malformed']);
      expect(performed).toHaveLength(0);
    },
  );
  test('If-Match is handed on; * guards nothing', async () => {
    await closeIt({ 'if-match': '"9"' });
    await closeIt({ 'if-match': '*' });
    expect(performed.map(({ ifSequence }) => ifSequence)).toEqual([9, undefined]);
  });
});

describe('a dry run', () => {
  test('says what would be and leaves no trace', async () => {
    const answer = await closeIt(key('d1'), '{}', '?dryRun=true');
    expect(JSON.parse(answer.text)).toMatchObject({ outcome: 'closed', dryRun: true });
    expect([performed.length, kept.rows.size]).toEqual([0, 0]);
  });
  test('refuses as the command would, without an audit', async () => {
    outcome = { kind: 'refused', reason: 'FEATURE_DISABLED', currentSequence: 3, nextConversationId: null };
    expect(refused(await closeIt({}, '{}', '?dryRun=true'))).toEqual([409, 'feature-disabled']);
    expect(audit.records).toEqual([]);
  });
  test.each(['?dryRun=yes', '?dryRun=1', '?dryrun=true'])('%s is 422', async (query) => {
    expect(refused(await closeIt({}, '{}', query))).toEqual([422, 'validation']);
  });
});

test('every refusal goes to the audit, once, with who, what and why', async () => {
  outcome = { kind: 'refused', reason: 'NOT_ELIGIBLE_STATE', currentSequence: 3, nextConversationId: null };
  const answer = await closeIt(key('a1'));
  expect(audit.records).toEqual([
    {
      tenant: 'demo',
      actor: { kind: 'supervisor', id: 'manager-1', role: 'manager' },
      act: 'close.supervisor',
      conversationId: ID,
      reason: 'NOT_ELIGIBLE_STATE',
      traceId: problemIn(answer).traceId,
      commandId: performed[0]?.id,
    },
  ]);
});

describe('what is written with a key and is no conversation’s command', () => {
  const things = (method: string, query = ''): Promise<Answer> =>
    ask(service.port, `/admin/v1/${query}`, { method, headers: { 'content-type': 'application/json' } });

  test('a dry run answers what would be written, keeps no answer and writes nothing', async () => {
    const answer = await things('PUT', 'things?dryRun=true');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { written: false, version: 3 }]);
    expect(kept.rows.size).toBe(0);
    expect(JSON.parse((await things('PUT', 'things')).text)).toEqual({ written: true, version: 3 });
  });

  test('a route without a dry run neither takes nor documents it', async () => {
    expect(refused(await things('DELETE', 'things?dryRun=true'))).toEqual([422, 'validation']);
    expect((await things('DELETE', 'things')).status).toBe(200);
    const { paths } = JSON.parse((await ask(service.port, '/admin/openapi.json')).text) as {
      paths: Record<string, Record<string, { parameters: { name: string }[] }>>;
    };
    const named = (method: string) => paths['/admin/v1/things']?.[method]?.parameters.map(({ name }) => name);
    expect(named('put')).toEqual(['Idempotency-Key', 'If-Match', 'dryRun']);
    expect(named('delete')).toEqual(['Idempotency-Key', 'If-Match']);
  });

  test('what is read is tagged with its version, for If-Match', async () => {
    expect((await things('GET', 'things')).headers['etag']).toBe('"3"');
  });
});

test('a conversation that is not there, or another tenant’s, leaves a record also when it is only read', async () => {
  const read = (name: string) => ask(service.port, `/admin/v1/${name}`);
  expect((await read(`conversations/${ID}`)).status).toBe(404);
  expect((await read('conversations/cnv_eva@example.org')).status).toBe(404);
  expect((await read('conversations/nonsense')).status).toBe(404);
  expect(audit.records).toMatchObject([{ conversationId: ID, reason: 'not-found', commandId: null }]);
});
