import { Inject, Injectable } from '@nestjs/common';
import { type Note, NoteList } from '@parley/contracts/inbox-http';
import type { Settings } from '@parley/contracts/settings';
import { unavailable } from '@parley/service/problem';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';

const ANSWER_WITHIN_MS = 2_000;

/**
 * What supervisors wrote at a close, a cancel or a reassignment (A5, D6). Admin keeps it, sealed; we ask for it in the
 * name of whoever reads, so that admin's own rules say whether.
 */
@Injectable()
export class Comments {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
  ) {}

  /** @throws 503 when admin cannot be asked: half of an answer would look like the whole */
  async of(conversationId: string, token: string): Promise<Note[]> {
    const url = new URL(
      `/admin/v1/conversations/${encodeURIComponent(conversationId)}/comments`,
      this.settings.PUBLIC_URL,
    );
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      // Its fold may not have heard of the conversation yet: then it has no comment either.
      if (response.status === 404) return [];
      if (!response.ok) throw new Error(`admin answers ${response.status}`);
      return NoteList.parse(await response.json()).items;
    } catch (error) {
      this.log.warn({ err: error, conversationId }, 'comments cannot be had');
      throw unavailable('The comments of supervisors cannot be had just now.');
    }
  }
}
