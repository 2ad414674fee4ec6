import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Listening } from '../../deploy/local/http.ts';
import { mailCatcher } from '../../deploy/local/mail.ts';
import { freePort, portPlan } from '../../deploy/local/ports.ts';
import { profileOf } from '../../deploy/local/profile.ts';

let catcher: Listening;
let ports = portPlan(4000);
beforeEach(async () => {
  ports = { ...portPlan(4000), smtp: await freePort(), mail: await freePort() };
  catcher = await mailCatcher({ ...profileOf('test', {}), ports });
});
afterEach(() => catcher.close());

/** One mail by RFC 5321, line by line; answers the code of each reply. */
async function send(to: string[], lines: string[]): Promise<string[]> {
  const socket = connect(ports.smtp, '127.0.0.1');
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]();
  const codes: string[] = [];
  const reply = async (): Promise<void> => {
    for (;;) {
      const { value = '' } = (await replies.next()) as { value?: string };
      if (value[3] === '-') continue;
      codes.push(value.slice(0, 3));
      return;
    }
  };
  await reply();
  const commands = ['EHLO test', 'MAIL FROM:<parley@example.org>', ...to.map((each) => `RCPT TO:<${each}>`), 'DATA'];
  for (const command of [...commands, [...lines, '.'].join('\r\n'), 'QUIT']) {
    socket.write(`${command}\r\n`);
    await reply();
  }
  socket.destroy();
  return codes;
}

const messages = async (query = ''): Promise<Record<string, unknown>[]> => {
  const answer = await fetch(`http://127.0.0.1:${ports.mail}/messages${query}`);
  return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
};

const mail = [
  'From: Parley <parley@example.org>',
  'To: Ada <Ada@example.org>',
  'Subject: =?utf-8?q?Votre_conversation_=E2=9C=93?=',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Merci !',
  '..a line with a dot <b>and a mark</b>',
];

test('keeps every mail and delivers none; found by whom it is for, whatever the case', async () => {
  expect(await send(['Ada@example.org', 'bcc@example.org'], mail)).toEqual([
    '220',
    '250',
    '250',
    '250',
    '250',
    '354',
    '250',
    '221',
  ]);
  await send(['bob@example.org'], mail);
  expect(await messages('?to=ADA@example.org')).toEqual([
    {
      from: 'parley@example.org',
      to: ['ada@example.org', 'bcc@example.org'],
      subject: 'Votre conversation ✓',
      text: 'Merci !\n.a line with a dot <b>and a mark</b>\n',
      html: '',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    },
  ]);
  expect((await messages()).map(({ to }) => to)).toEqual([['ada@example.org', 'bcc@example.org'], ['bob@example.org']]);
});

test('shows them on a page that runs nothing of them, and forgets them when asked', async () => {
  await send(['ada@example.org'], mail);
  const page = await (await fetch(`http://127.0.0.1:${ports.mail}/`)).text();
  expect(page).toContain('&lt;b&gt;and a mark&lt;/b&gt;');
  expect((await fetch(`http://127.0.0.1:${ports.mail}/messages`, { method: 'DELETE' })).status).toBe(204);
  expect(await messages()).toEqual([]);
});
