import { Webhook } from 'standardwebhooks';

/** `isFinal`: no further attempt can help. */
export type Sent = { kind: 'delivered' } | { kind: 'failed'; why: string; isFinal?: true };

/** A receiver that answers slowly holds nobody up. */
const ANSWER_WITHIN_MS = 10_000;

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
    // What it says beside its status is of no interest, however much it is.
    await response.body?.cancel();
    return response.ok ? { kind: 'delivered' } : { kind: 'failed', why: `status ${response.status}` };
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.name : 'no answer' };
  }
}
