import { Inject, Injectable } from '@nestjs/common';
import type { Lease } from '@parley/contracts/command';
import { Problem } from '@parley/contracts/problem';
import type { Settings } from '@parley/contracts/settings';
import { unavailable } from '@parley/service/problem';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';

const ANSWER_WITHIN_MS = 2_000;

/** Who is there and has room is inbox's to know: its own dry run says it, in the name of who asks, and takes no place. */
@Injectable()
export class AgentRoom {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
  ) {}

  /** Whatever else stands against it is left to our own rehearsal. @throws 503 when inbox cannot be asked */
  async wouldGive(conversationId: string, to: string, token: string): Promise<Lease> {
    const path = `/inbox/v1/conversations/${encodeURIComponent(conversationId)}/reassign?dryRun=true`;
    try {
      const response = await fetch(new URL(path, this.settings.PUBLIC_URL), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ to }),
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      if (response.ok) return { granted: 'dry-run' };
      const { reasonCode, status } = Problem.parse(await response.json());
      if (status >= 500 || status === 429) throw new Error(`inbox answers ${status}`);
      return isOfRoom(reasonCode) ? { refused: reasonCode } : { granted: 'dry-run' };
    } catch (error) {
      this.log.warn({ err: error, conversationId }, 'inbox cannot say who has room');
      throw unavailable('Whether the agent has room cannot be known just now.');
    }
  }
}

const isOfRoom = (reason: string | null): reason is 'TARGET_UNAVAILABLE' | 'CAPACITY_FULL' =>
  reason === 'TARGET_UNAVAILABLE' || reason === 'CAPACITY_FULL';
