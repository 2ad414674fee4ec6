import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { admin, agentsReady, eventually, inbox, isAt, pick, placeOf, send } from '../end-to-end/actors.ts';
import { as, textAt, verdict } from '../end-to-end/stack.ts';

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

/** Every field of a person that a channel may tell us, and the channel's own id of the message. */
async function saidBy(contact: string, mark: string, text: string): Promise<string> {
  const person = { id: contact, displayName: `Ann ${mark}`, email: `${mark}@example.org`, language: 'en-GB' };
  const body = { id: `${mark}-${randomUUID()}`, contact: { ...person, online: true }, text };
  return textAt(await as('integration-1').post('/inbox/v1/channels/whatsapp/messages', body), 'messageId');
}

test('I16: no text, note, comment, name or address reaches Kafka’s files, Temporal’s store, PostgreSQL’s tables or a log', async () => {
  const mark = `canary${randomUUID().replaceAll('-', '')}`;
  const visitor = { account: 'whatsapp', contact: `${mark}-contact` };
  const id = await placeOf(visitor, await saidBy(visitor.contact, mark, `${mark} in a message`));
  // Told once more, a person is kept anew.
  expect(await placeOf(visitor, await saidBy(visitor.contact, `Other${mark}`, 'And again'))).toBe(id);
  const presence = `/inbox/v1/channels/whatsapp/contacts/${visitor.contact}/presence`;
  await as('integration-1').put(presence, { online: false, authenticated: false });
  await pick('agent-1', id);
  await as('agent-1').post(inbox(id, 'messages'), { id: `${mark}-answer`, text: `${mark} in an answer` });
  await as('agent-1').post(inbox(id, 'notes'), { text: `${mark} in a note` });
  // What is refused leaves an audit record, and nothing of its body.
  const refused = { note: `${mark} in a note refused`, transcript: { to: `${mark}@example.com` } };
  expect(verdict(await send('agent-1', inbox(id, 'close'), refused))).toBe('409 FEATURE_DISABLED');
  await send('manager-1', admin(id, 'close'), { comment: `${mark} in a comment` });
  await eventually(id, isAt('closed'));
  // What does stand there is found, so the search looks in the right place; no log names a conversation that does well.
  for (const [part, known] of Object.entries({ kafka: id, temporal: id, postgres: id, logs: 'inbox listens' })) {
    expect([part, filesWith(known, join(folder, part)).length > 0]).toEqual([part, true]);
    expect([part, filesWith(mark, join(folder, part))]).toEqual([part, []]);
  }
});
