import { Inject, Injectable } from '@nestjs/common';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { isUnavailable } from '@parley/persistence/unavailable';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { tellRoom } from '../capacity/activity.js';
import { freeBefore } from '../capacity/ledger.js';
import { noteDecided } from '../lifecycle/decided.js';
import { DATABASE } from '../parts.js';

/** What follows from an Update's answer at once; the log says the same a moment later, so none of it can be lost. */
@Injectable()
export class Aftermath {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
  ) {}

  async of(tenant: string, conversationId: string, answer: CommandUpdateAnswer): Promise<void> {
    if (answer.kind !== 'done') return;
    const { sequence, freed } = answer;
    await this.beside(conversationId, async () => {
      const known = answer.conversation.sequence;
      if (freed === null) return noteDecided(this.database.statements(tenant), tenant, conversationId, known);
      await this.database.inTenant(tenant, async (em) => {
        await noteDecided(em, tenant, conversationId, known);
        const activity = await freeBefore(em, tenant, conversationId, freed, sequence);
        await tellRoom(em, this.settings.PUBLIC_URL, tenant, activity);
      });
    });
  }

  /** The command is decided: its answer must not change because our tables are slow. Whose `work` it is makes up for it. */
  async beside(conversationId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log[isUnavailable(error) ? 'warn' : 'error']({ err: error, conversationId }, 'an answer was not kept');
    }
  }
}
