import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase } from '../src/database.js';
import type { Database } from '../src/database.js';
import { createIdempotencyStore } from '../src/idempotency-store.js';
import type { IdempotencyStore, IdempotentRequest } from '../src/idempotency-store.js';
import { eventually } from '../../../test/parts/eventually.js';
import { run, SECRET, startPostgres, type TestPostgres } from '../../../test/parts/postgres.js';

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startPostgres();
  const { url } = postgres;
  database = await openDatabase({ url, service: 'inbox', secret: SECRET, entities: [], migrations: [] });
}, 60_000);
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

describe('idempotency', () => {
  let store: IdempotencyStore;
  beforeAll(() => {
    store = createIdempotencyStore(database, { secret: SECRET });
  });
  const request = (key: string, more: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
    tenant: 'demo',
    caller: 'agent-1',
    key,
    fingerprint: 'POST /close {}',
    ...more,
  });
  const answered = (status: number): { status: number; headers: Record<string, string>; body: unknown } => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: { outcome: 'closed', sequence: 9, text: `it's ? "so"` },
  });
  const claimed = async (asked: IdempotentRequest, from = store): Promise<string> => {
    const claim = await from.claim(asked);
    if (claim.kind !== 'claimed') throw new Error(`It is ${claim.kind}.`);
    return claim.owner;
  };

  test('F17: the same again gives the same answer, another body is another request', async () => {
    const owner = await claimed(request('k1'));
    await store.finish(request('k1'), owner, answered(200));
    expect(await store.claim(request('k1'))).toEqual({ kind: 'replay', answer: answered(200) });
    expect(await store.claim(request('k1', { fingerprint: 'POST /close {"tags":[]}' }))).toEqual({
      kind: 'other-request',
    });
  });

  test('of many at once one is claimed, the others are in flight', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => store.claim(request('k2'))));
    expect(claims.filter(({ kind }) => kind === 'claimed').length).toBe(1);
    expect(claims.filter(({ kind }) => kind === 'in-flight')).toEqual(
      Array(7).fill({ kind: 'in-flight', retryAfterMs: 1_000 }),
    );
    expect(await store.claim(request('k2', { fingerprint: 'POST /cancel {}' }))).toEqual({ kind: 'other-request' });
  });

  test.each([200, 202, 409, 410, 412, 422])('an answer of %i is kept', async (status) => {
    const asked = request(`kept-${status}`);
    await store.finish(asked, await claimed(asked), answered(status));
    expect(await store.claim(asked)).toEqual({ kind: 'replay', answer: answered(status) });
  });

  test.each([401, 403, 404, 429, 500, 503, 504])(
    'an answer of %i is not: the same may be tried again at once, and nothing else under its key',
    async (status) => {
      const asked = request(`free-${status}`);
      await store.finish(asked, await claimed(asked), answered(status));
      expect(await store.claim({ ...asked, fingerprint: 'POST /close {"text":"BBB"}' })).toEqual({
        kind: 'other-request',
      });
      const owner = await claimed(asked);
      expect((await store.claim(asked)).kind).toBe('in-flight');
      await store.finish(asked, owner, answered(200));
      expect(await store.claim(asked)).toEqual({ kind: 'replay', answer: answered(200) });
    },
  );

  test('a key without a kept answer is forgotten with the others', async () => {
    const brief = createIdempotencyStore(database, { secret: SECRET, keptMs: -1 });
    await brief.finish(request('k8'), await claimed(request('k8'), brief), answered(504));
    expect((await store.claim(request('k8', { fingerprint: 'another' }))).kind).toBe('claimed');
  });

  test('a key is its caller’s and its tenant’s own', async () => {
    await store.finish(request('k3'), await claimed(request('k3')), answered(200));
    expect((await store.claim(request('k3', { caller: 'agent-2' }))).kind).toBe('claimed');
    expect((await store.claim(request('k3', { tenant: 'other' }))).kind).toBe('claimed');
  });

  test('F6: what a crashed holder claimed is free again after its lease, and the late holder keeps nothing', async () => {
    const brief = createIdempotencyStore(database, { secret: SECRET, leaseMs: 1_500 });
    const asked = request('k4');
    const crashed = await claimed(asked, brief);
    expect((await brief.claim(asked)).kind).toBe('in-flight');
    const next = await eventually(
      () => brief.claim(asked),
      (claim) => claim.kind === 'claimed',
      3_000,
    );
    await brief.finish(asked, crashed, answered(503));
    await brief.finish(asked, crashed, answered(409));
    expect((await store.claim(asked)).kind).toBe('in-flight');
    if (next.kind === 'claimed') await brief.finish(asked, next.owner, answered(200));
    expect(await store.claim(asked)).toEqual({ kind: 'replay', answer: answered(200) });
  });

  test('after 24 h an answer is forgotten: by the next that asks, and by the sweep', async () => {
    const brief = createIdempotencyStore(database, { secret: SECRET, keptMs: -1 });
    for (const key of ['k5', 'k6']) await brief.finish(request(key), await claimed(request(key), brief), answered(200));
    expect((await store.claim(request('k5', { fingerprint: 'another' }))).kind).toBe('claimed');
    expect(await store.sweep()).toBe(1);
    expect(await store.sweep()).toBe(0);
  });

  test('however much is older than 24 h, one sweep forgets it, unless it is told to stop', async () => {
    const brief = createIdempotencyStore(database, { secret: SECRET, keptMs: -1, sweptAtOnce: 2 });
    for (let n = 0; n < 7; n += 1) await claimed(request(`old-${n}`), brief);
    expect(await brief.sweep(AbortSignal.abort())).toBe(2);
    expect(await brief.sweep()).toBe(5);
  });

  test('the request itself is not kept, only an HMAC of it', async () => {
    await claimed(request('k7', { fingerprint: 'CANARY-2' }));
    const rows = await run<{ fingerprint: string }>(
      postgres.superuser,
      `select * from inbox.idempotency where key = 'k7'`,
    );
    expect(JSON.stringify(rows)).not.toContain('CANARY-2');
  });
});
