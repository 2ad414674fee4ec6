import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Channel } from '../../deploy/local/channel.ts';
import { listen, type Listening } from '../../deploy/local/http.ts';
import { freePort } from '../../deploy/local/ports.ts';

let folder = '';
let url = '';
let listening: Listening;

async function openChannel(): Promise<void> {
  const port = await freePort();
  listening = await listen('channel', port, new Channel(join(folder, 'deliveries.jsonl')).listener);
  url = `http://127.0.0.1:${port}`;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  await openChannel();
});
afterEach(async () => {
  await listening.close();
  rmSync(folder, { recursive: true, force: true });
});

const deliver = async (body: object) => {
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1', 'webhook-signature': 'v1,abc' };
  return (await fetch(`${url}/deliveries`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
};
const found = async (query: string) => {
  const { items } = (await (await fetch(`${url}/deliveries${query}`)).json()) as { items: Record<string, unknown>[] };
  return items;
};

test('keeps what arrives, found by contact and by conversation, over a restart', async () => {
  await deliver({ messageId: 'm1', conversationId: 'c1', contact: 'eva', text: 'one' });
  await deliver({ messageId: 'm2', conversationId: 'c2', contact: { id: 'eva' }, text: 'two' });
  await deliver({ messageId: 'm3', conversationId: 'c1', contact: 'tom', text: 'three' });
  await listening.close();
  await openChannel();
  expect((await found('?contact=eva')).map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
  expect((await found('?contact=tom&conversationId=c1')).map(({ text }) => text)).toEqual(['three']);
  expect((await found('?conversationId=c2'))[0]).toMatchObject({
    raw: '{"messageId":"m2","conversationId":"c2","contact":{"id":"eva"},"text":"two"}',
    headers: { 'webhook-id': 'msg_1', 'webhook-signature': 'v1,abc' },
  });
});

test('fails the next deliveries when asked to, and keeps none of them', async () => {
  await fetch(`${url}/behaviour`, { method: 'PUT', body: JSON.stringify({ failNext: 2, failStatus: 500 }) });
  const statuses = [await deliver({ text: 'a' }), await deliver({ text: 'b' }), await deliver({ text: 'c' })];
  expect(statuses).toEqual([500, 500, 200]);
  expect((await found('')).map(({ text }) => text)).toEqual(['c']);
});
