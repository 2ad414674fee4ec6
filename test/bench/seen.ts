import { setTimeout as wait } from 'node:timers/promises';
import { inbox, newContact, say } from '../end-to-end/actors.ts';
import { as, field, gateway, issuer } from '../end-to-end/stack.ts';
import { tokenFrom } from '../../deploy/local/token-client.ts';

const KEY = (id: unknown, sequence: unknown): string => `${String(id)}:${String(sequence)}`;

/** Follows Live Activity as a supervisor's screen does; notes when each (conversation, sequence) was first seen. */
async function follow(seen: Map<string, number>, signal: AbortSignal): Promise<void> {
  const token = await tokenFrom(issuer, 'super-administrator-1');
  const response = await fetch(`${gateway}/admin/v1/conversations/stream`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal,
  });
  if (response.body === null) throw new Error('the stream has no body');
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const at = performance.now();
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) noteBlock(block, at, seen);
  }
}

function noteBlock(block: string, at: number, seen: Map<string, number>): void {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5))
    .join('');
  if (data === '') return;
  const body: unknown = JSON.parse(data);
  const view = field(body, 'conversation') ?? body;
  const key = KEY(field(view, 'conversationId'), field(view, 'sequence'));
  if (!seen.has(key)) seen.set(key, at);
}

/**
 * Commands at a steady pace on one side, a supervisor's stream on the other.
 * Answers milliseconds from the acceptance (the answer's arrival at the commander) to the sight.
 */
export async function sightings(perSecond: number, seconds: number): Promise<{ delays: number[]; unseen: number }> {
  const seen = new Map<string, number>();
  const stop = new AbortController();
  const following = follow(seen, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const ids = await Promise.all(
    Array.from({ length: perSecond }, () => say({ account: 'site', contact: newContact('seen') })),
  );
  const accepted = new Map<string, number>();
  const running: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const id = ids[n % ids.length] ?? '';
    const verb = Math.floor(n / ids.length) % 2 === 0 ? 'pick' : 'return-to-queue';
    running.push(
      as('agent-1')
        .post(inbox(id, verb), {})
        .then((answer) => void accepted.set(KEY(id, field(answer, 'sequence')), performance.now())),
    );
    await wait(1000 / perSecond);
  }
  await Promise.all(running);
  await wait(2000);
  stop.abort();
  await following;
  const delays = [...accepted].flatMap(([key, at]) => {
    const sight = seen.get(key);
    return sight === undefined ? [] : [Math.max(0, sight - at)];
  });
  return { delays, unseen: accepted.size - delays.length };
}
