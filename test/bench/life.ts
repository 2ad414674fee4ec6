import { randomUUID } from 'node:crypto';
import { admin, inbox, newContact, placeOf, writes, type Visitor } from '../end-to-end/actors.ts';
import { as } from '../end-to-end/stack.ts';

export const newVisitor = (): Visitor => ({ account: 'site', contact: newContact('bench') });

/** The same life as the bare one, by HTTP: a visitor writes, an agent picks and replies, a supervisor closes. Answers its thread. */
export async function live(): Promise<string> {
  const visitor = newVisitor();
  const { messageId, threadId } = await writes(visitor, 'Where is my parcel?');
  const id = await placeOf(visitor, messageId);
  await as('agent-1').post(inbox(id, 'pick'), {});
  await as('agent-1').post(inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Let me look.' });
  await as('manager-1').post(admin(id, 'close'), {});
  return threadId;
}

/** The shortest life: a message and a close. */
export async function liveShortly(): Promise<void> {
  const visitor = newVisitor();
  const id = await placeOf(visitor, (await writes(visitor, 'Where is my parcel?')).messageId);
  await as('manager-1').post(admin(id, 'close'), {});
}
