import { condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

/** The least that Temporal can do for one life: an Update a command, one publishing activity a step that has events. */
const { publish } = proxyActivities<{ publish(events: object[]): Promise<void> }>({ startToCloseTimeout: '10 s' });

export const step = defineUpdate<{ sequence: number }, [{ events: object[]; last: boolean }]>('step');

export async function bare(): Promise<void> {
  const waiting: object[] = [];
  let sequence = 0;
  let last = false;
  setHandler(step, ({ events, last: isLast }) => {
    waiting.push(...events);
    sequence += events.length;
    last ||= isLast;
    return { sequence };
  });
  while (!last || waiting.length > 0) {
    await condition(() => waiting.length > 0);
    await publish(waiting.splice(0));
  }
}
