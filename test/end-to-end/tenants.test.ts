import { beforeAll, describe, expect, test } from '@jest/globals';
import { admin, agentsReady, conversationIn, inbox, newContact, say, send } from './actors.ts';
import { as, field, verdict } from './stack.ts';

let demo = '';
beforeAll(async () => {
  await agentsReady('agent-1', 'agent-2');
  demo = await conversationIn('active', { account: 'site', contact: newContact() });
});

const random = (id: string): string => `${id.slice(0, 4)}${'A'.repeat(22)}${id.slice(26)}`;

describe('another tenant’s ids do not exist', () => {
  const reads = ['', '/timeline', '/explain'];
  test.each(reads)('I18: GET admin conversation%s', async (part) => {
    for (const id of [demo, random(demo)]) {
      const answer = await as('other-manager-1').send('GET', `/admin/v1/conversations/${id}${part}`);
      expect(verdict(answer)).toBe('404 not-found');
    }
  });

  test.each(['', '/messages', '/notes'])('I18: GET inbox conversation%s', async (part) => {
    expect((await as('other-agent-1').send('GET', `/inbox/v1/conversations/${demo}${part}`)).status).toBe(404);
    expect((await as('other-integration-1').send('GET', `/inbox/v1/conversations/${demo}${part}`)).status).toBe(404);
  });

  test.each(['pick', 'pause', 'resume', 'return-to-queue', 'close', 'end-session', 'qualify'])(
    'I18: inbox %s',
    async (verb) => {
      expect(verdict(await send('other-agent-1', inbox(demo, verb)))).toBe('404 not-found');
    },
  );

  test('I18: messages, notes and supervisors’ commands', async () => {
    expect(verdict(await send('other-agent-1', inbox(demo, 'messages'), { id: newContact('a'), text: 'x' }))).toBe(
      '404 not-found',
    );
    expect(verdict(await send('other-agent-1', inbox(demo, 'notes'), { text: 'x' }))).toBe('404 not-found');
    expect(verdict(await send('other-manager-1', admin(demo, 'close')))).toBe('404 not-found');
    expect(verdict(await send('other-manager-1', admin(demo, 'reassign'), { to: 'other-agent-1' }))).toBe(
      '404 not-found',
    );
  });

  test('I18: lists hold nothing of it, and one’s own goes on', async () => {
    const own = await say({ account: 'site', contact: newContact(), integration: 'other-integration-1' });
    const list = await as('other-integration-1').get('/inbox/v1/conversations?limit=200');
    const items = field(list, 'items');
    const tenants = Array.isArray(items) ? items.map((item) => field(item, 'tenant')) : [];
    expect(new Set(tenants)).toEqual(tenants.length === 0 ? new Set() : new Set(['other']));
    expect((await as('integration-1').send('GET', `/inbox/v1/conversations/${own}`)).status).toBe(404);
    expect(
      verdict(
        await as('other-integration-1').send('POST', '/inbox/v1/channels/whatsapp/messages', {
          id: 'x',
          contact: { id: 'y' },
          text: 'z',
        }),
      ),
    ).toBe('404 not-found');
  });
});
