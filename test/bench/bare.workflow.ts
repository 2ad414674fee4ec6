import { condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

/** What one Update of a life moves, in bytes: it carries `filler`, and answers and publishes as many as it says. */
export interface Step {
  filler: string;
  answerBytes: number;
  publishBytes: number;
  isLast: boolean;
}

/** The least that Temporal can do for one life: an Update a command, one publishing activity a step that has events. */
const { publish } = proxyActivities<{ publish(events: string): Promise<object> }>({
  taskQueue: 'bench-bare-publishing',
  startToCloseTimeout: '10 s',
});

export const step = defineUpdate<string, [Step]>('step');

export async function bare(): Promise<void> {
  const waiting: string[] = [];
  let isOver = false;
  setHandler(step, ({ answerBytes, publishBytes, isLast }) => {
    waiting.push('x'.repeat(publishBytes));
    isOver ||= isLast;
    return 'x'.repeat(answerBytes);
  });
  while (!isOver || waiting.length > 0) {
    await condition(() => waiting.length > 0);
    await publish(waiting.splice(0).join(''));
  }
}
