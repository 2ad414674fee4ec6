import { condition, defineQuery, defineUpdate, setHandler, sleep } from '@temporalio/workflow';
import { isSigned, isUndecodable } from '@parley/contracts/signed';

/** A stand-in for the conversation: answers Updates by name, says whether it heard them signed, ends when told. */
export async function conversation(input: { tenant: string }): Promise<string> {
  let over = false;
  let applied = 0;
  setHandler(defineUpdate<object, [unknown]>('close'), (update) => {
    applied += 1;
    return { kind: 'done', outcome: `closed ${applied}`, signed: isSigned(update), undecodable: isUndecodable(update) };
  });
  setHandler(defineUpdate<object, [unknown]>('message'), (update) => {
    applied += 1;
    return { kind: 'placed', applied, signed: isSigned(update), tenant: input.tenant, inputSigned: isSigned(input) };
  });
  setHandler(defineUpdate<object, [unknown]>('cancel'), () => {
    over = true;
    return { kind: 'done', outcome: 'cancelled' };
  });
  setHandler(defineUpdate<object, [unknown]>('pause'), () => {
    throw new TypeError('a bug that fails the workflow task');
  });
  setHandler(defineUpdate<Promise<object>, [unknown]>('resume'), async () => {
    await sleep('1 hour');
    return {};
  });
  setHandler(defineQuery<object | null, [{ conversationId: string }]>('state'), ({ conversationId }) =>
    conversationId.endsWith('9') ? null : { conversationId, applied },
  );
  await condition(() => over);
  return 'over';
}
