import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { admin, agentsReady, eventually, inbox, isAt, newContact, pick, say, send } from '../end-to-end/actors.ts';
import { as } from '../end-to-end/stack.ts';

beforeAll(() => agentsReady('agent-1'));

const folder = dirname(
  process.env['PARLEY_STACK'] ?? join(import.meta.dirname, '..', '..', '.local', 'test', 'stack.json'),
);

/** Files below a folder that hold these bytes. @throws Error when they cannot all be read */
function filesWith(mark: string, below: string): string[] {
  const { status, stdout, stderr } = spawnSync('grep', ['-rlaF', mark, below], { encoding: 'utf8' });
  // A log that was rotated away or a segment that was deleted while grep looked is no hit and no fault.
  if (status === 2 && stderr.split('\n').some((line) => line !== '' && !line.endsWith('No such file or directory')))
    throw new Error(stderr);
  return stdout.split('\n').filter(Boolean);
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
  // What does stand there is found, so the search looks in the right place; no log names a conversation that does well.
  for (const [part, known] of Object.entries({ kafka: id, temporal: id, postgres: id, logs: 'inbox listens' })) {
    expect([part, filesWith(known, join(folder, part)).length > 0]).toEqual([part, true]);
    expect([part, filesWith(mark, join(folder, part))]).toEqual([part, []]);
  }
});
