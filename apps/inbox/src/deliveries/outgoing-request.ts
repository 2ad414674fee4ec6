import { Webhook } from 'standardwebhooks';

export type Sent = { kind: 'delivered' } | { kind: 'failed'; why: string };

/** A receiver that answers slowly or at length holds nobody up. */
const ANSWER_WITHIN_MS = 10_000;
const READ_BYTES = 64 * 1024;

export interface Outgoing {
  url: string;
  /** `whsec_…` of the channel account. */
  secret: string;
  /** Stable over all attempts: the receiver's key against repeats. */
  id: string;
  body: string;
}

/** One attempt, signed as Standard Webhooks says; follows no redirect. Never throws. */
export async function sendOnce({ url, secret, id, body }: Outgoing, stopping: AbortSignal): Promise<Sent> {
  const at = new Date();
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Parley',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      },
      body,
    });
    await drain(response);
    return response.ok ? { kind: 'delivered' } : { kind: 'failed', why: `status ${response.status}` };
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.name : 'no answer' };
  }
}

async function drain({ body }: Response): Promise<void> {
  const reader = body?.getReader();
  let read = 0;
  while (reader && read < READ_BYTES) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.byteLength;
  }
  await reader?.cancel();
}
