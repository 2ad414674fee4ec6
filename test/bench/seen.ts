import { setTimeout as wait } from 'node:timers/promises';
import { tokenFrom } from '../../deploy/local/token-client.ts';
import { inbox, say } from '../end-to-end/actors.ts';
import { as, field, gateway, issuer } from '../end-to-end/stack.ts';
import { percentile } from './figures.ts';
import { newVisitor } from './life.ts';

/** So long between two commands on one conversation: the next does not wait for the one before. */
const TURN_S = 3;
const SIGHT_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 10_000;

interface Sight {
  sequence: number;
  at: number;
}

/** What one supervisor's screen has shown, by conversation, in the order of its stream. */
class Screen {
  readonly #sights = new Map<string, Sight[]>();
  isReady = false;

  note(event: string, data: unknown, at: number): void {
    if (event === 'ready') this.isReady = true;
    const view = field(data, 'conversation');
    const id = String(field(view, 'conversationId'));
    const sequence = Number(field(view, 'sequence'));
    if (!Number.isInteger(sequence)) return;
    this.#sights.set(id, [...(this.#sights.get(id) ?? []), { sequence, at }]);
  }

  /** When the conversation was first shown as it was after that event, or later. */
  sawAt(conversationId: string, sequence: number): number | undefined {
    return this.#sights.get(conversationId)?.find((sight) => sight.sequence >= sequence)?.at;
  }
}

/** Follows Live Activity as another client, with an identity of its own. */
async function follow(screen: Screen, signal: AbortSignal): Promise<void> {
  const token = await tokenFrom(issuer, 'super-administrator-1');
  const response = await fetch(`${gateway}/admin/v1/conversations/stream`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal,
  });
  if (!response.ok || response.body === null) throw new Error(`no stream: ${response.status}`);
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const at = performance.now();
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) noteBlock(block, at, screen);
  }
}

function noteBlock(block: string, at: number, screen: Screen): void {
  const lines = block.split('\n');
  const valueOf = (name: string): string =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim())
      .join('\n');
  const data = valueOf('data');
  screen.note(valueOf('event'), data === '' ? undefined : JSON.parse(data), at);
}

interface Accepted {
  conversationId: string;
  sequence: number;
  sentAt: number;
  answeredAt: number;
}

/**
 * Commands at a steady pace on one side, whatever becomes of those before (open loop); a supervisor's stream on the other.
 * Accepted is when the commander has its answer; from its sending is printed beside it.
 */
export async function sight(perSecond: number, seconds: number): Promise<void> {
  const screen = new Screen();
  const stop = new AbortController();
  const following = follow(screen, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await Promise.race([until(() => screen.isReady, READY_WITHIN_MS, 'the stream is ready'), following]);
  const { accepted, refused } = await commands(perSecond, seconds);
  const sawAt = ({ conversationId, sequence }: Accepted): number | undefined => screen.sawAt(conversationId, sequence);
  const unseen = (): Accepted[] => accepted.filter((each) => sawAt(each) === undefined);
  await Promise.race([until(() => unseen().length === 0, SIGHT_WITHIN_MS), following]);
  stop.abort();
  await following;
  const after = (since: (each: Accepted) => number): number[] =>
    accepted.flatMap((each) => {
      const at = sawAt(each);
      return at === undefined ? [] : [at - since(each)];
    });
  const shares = (delays: number[]): string =>
    [0.5, 0.99].map((p) => `p${100 * p} ${percentile(delays, p).toFixed(0)} ms`).join(', ');
  console.log(`\n${accepted.length} commands accepted in ${seconds} s at ${perSecond} a second, ${refused} refused`);
  console.log(
    `accepted → on another client's stream: ${shares(after(({ answeredAt }) => answeredAt))} (goal p99 250 ms)`,
  );
  console.log(`sent → on another client's stream:     ${shares(after(({ sentAt }) => sentAt))}`);
  console.log(
    `sent → accepted:                       ${shares(accepted.map((each) => each.answeredAt - each.sentAt))}`,
  );
  console.log(`not seen within ${SIGHT_WITHIN_MS / 1000} s: ${unseen().length} (goal 0)`);
}

async function commands(perSecond: number, seconds: number): Promise<{ accepted: Accepted[]; refused: number }> {
  const ids = await Promise.all(Array.from({ length: TURN_S * perSecond }, () => say(newVisitor())));
  const accepted: Accepted[] = [];
  let refused = 0;
  const one = async (n: number): Promise<void> => {
    const conversationId = ids[n % ids.length] ?? '';
    const verb = Math.floor(n / ids.length) % 2 === 0 ? 'pick' : 'return-to-queue';
    const sentAt = performance.now();
    const { status, body } = await as('agent-1').send('POST', inbox(conversationId, verb), {});
    const answeredAt = performance.now();
    if (status === 200)
      accepted.push({ conversationId, sequence: Number(field(body, 'sequence')), sentAt, answeredAt });
    else refused += 1;
  };
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    await wait(Math.max(0, startedAt + (1000 * n) / perSecond - performance.now()));
    running.push(one(n));
  }
  await Promise.all(running);
  return { accepted, refused };
}

/** Comes back when it is so, or at the end of the time; with a name for what is waited for it throws then. */
async function until(isSo: () => boolean, withinMs: number, what?: string): Promise<void> {
  const end = Date.now() + withinMs;
  while (!isSo() && Date.now() < end) await wait(20);
  if (what !== undefined && !isSo()) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
}
