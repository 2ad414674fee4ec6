import { randomUUID } from 'node:crypto';
import { admin, inbox, newContact, placeOf, writes } from '../end-to-end/actors.ts';
import { as } from '../end-to-end/stack.ts';

/** The same life as the bare one, by HTTP: a visitor writes, an agent picks and replies, a supervisor closes. */
export async function live(): Promise<void> {
  const visitor = { account: 'site', contact: newContact('bench') };
  const { messageId } = await writes(visitor, 'Where is my parcel?');
  const id = await placeOf(visitor, messageId);
  await as('agent-1').post(inbox(id, 'pick'), {});
  await as('agent-1').post(inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Let me look.' });
  await as('manager-1').post(admin(id, 'close'), {});
}
