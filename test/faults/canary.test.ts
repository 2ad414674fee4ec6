import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { admin, agentsReady, eventually, inbox, isAt, newContact, pick, say, send } from '../end-to-end/actors.ts';
import { as } from '../end-to-end/stack.ts';

beforeAll(() => agentsReady('agent-1'));

const folder = dirname(
  process.env['PARLEY_STACK'] ?? join(import.meta.dirname, '..', '..', '.local', 'test', 'stack.json'),
);

/** Files below a folder that hold these bytes. */
function filesWith(mark: string, below: string): string[] {
  try {
    return execFileSync('grep', ['-rlaF', mark, below], { encoding: 'utf8' }).split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

test('I16: no text, note, comment or name reaches Kafka’s files, Temporal’s store, PostgreSQL’s tables or a log', async () => {
  const mark = `canary${randomUUID().replaceAll('-', '')}`;
  const visitor = { account: 'whatsapp', contact: newContact(mark) };
  const id = await say(visitor, `${mark} in a message`);
  await pick('agent-1', id);
  await as('agent-1').post(inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: `${mark} in an answer` });
  await as('agent-1').post(inbox(id, 'notes'), { text: `${mark} in a note` });
  await send('manager-1', admin(id, 'close'), { comment: `${mark} in a comment` });
  await eventually(id, isAt('closed'));
  expect(filesWith(id, join(folder, 'kafka')).length).toBeGreaterThan(0);
  for (const part of ['kafka', 'temporal', 'postgres', 'logs'])
    expect([part, filesWith(mark, join(folder, part))]).toEqual([part, []]);
});
