import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { until } from '../../deploy/local/demo/play.ts';
import { agentsReady, conversationIn, inbox, newContact, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1');
});
afterAll(() => log.stop());

const onSite = () => conversationIn('active', { account: 'site', contact: newContact() });
/** Letters alone: six digits are no tag. */
const mark = randomUUID().replaceAll(/[^a-f]/g, '');

test('B4: two tags are one when NFKC and case folding make them equal, and only then; every slug is a path', async () => {
  const id = await onSite();
  const names = ['C', 'C++', 'C#', 'straße', 'STRASSE', 'ｓｔｒａｓｓｅ', 'कि', 'का', '50% off?', 'in/out'].map(
    (name) => `${mark} ${name}`,
  );
  const tags = [...names, '😀', '👩‍👩‍👧'];
  const closed = await send('agent-1', inbox(id, 'close'), { tags });
  expect(verdict(closed)).toBe('200 closed');
  const slugs = ['c', 'c++', 'c#', 'strasse', 'कि', 'का', '50%-off?', 'in-out'].map((end) => `${mark}-${end}`);
  expect((await log.event(id, 'closed'))['tags']).toEqual([...slugs, '😀', '👩‍👩‍👧']);
  for (const slug of [...slugs, '😀']) {
    const path = `/admin/v1/tags/${encodeURIComponent(slug)}`;
    const read = await until(`the tag ${slug}`, async () => {
      const answer = await as('manager-1').send('GET', path);
      return answer.status === 200 ? answer : undefined;
    });
    expect(field(read.body, 'id')).toBe(slug);
  }
  const found = await until('it by its tag', async () => {
    const query = new URLSearchParams({ tag: `${mark} STRAẞE` });
    const items = field(await as('manager-1').get(`/inbox/v1/conversations?${query.toString()}`), 'items') as unknown[];
    return items.length > 0 ? items : undefined;
  });
  expect(found.map((view) => field(view, 'conversationId'))).toEqual([id]);
});

test.each([
  ['nothing but punctuation', '!!!'],
  ['zalgo', `z${'\u0335'.repeat(9)}`],
  ['an address in disguise', 'eva＠example．org'],
  ['a number in disguise', 'call ①②③④⑤⑥'],
  ['a direction override', '\u202Egnp'],
])('B4: %s is no tag: 422', async (_name, tag) => {
  const id = await onSite();
  const answer = await send('agent-1', inbox(id, 'close'), { tags: ['refund', tag] });
  expect(verdict(answer)).toBe('422 validation');
  expect(field(answer.body, 'errors', '0', 'pointer')).toBe('/tags/1');
});

test('reliability.md 5: taxonomy is for people to read, machines are refused', async () => {
  for (const kind of ['tags', 'categories', 'campaigns']) {
    expect(verdict(await as('integration-1').send('GET', `/admin/v1/${kind}`))).toBe('403 FORBIDDEN_ROLE');
    expect((await as('agent-1').send('GET', `/admin/v1/${kind}`)).status).toBe(200);
  }
});
