import type { PresetName } from '@parley/contracts/policy';
import { dice } from '../workflow/dice.js';
import { agent, command, manager, router, Thread, type Stage } from '../workflow/harness.js';

const PRESETS = ['iadvize-onsite', 'iadvize-social', 'sellia-campaign', 'zendesk-messaging'] as const;
const AGENTS = ['eva', 'max', 'ida'] as const;
const STEPS = 40;

/** A thread to which anything may happen; what is refused is as good as what is done. */
export async function randomLife(stage: Stage, seed: number): Promise<Thread> {
  const roll = dice(seed);
  const one = <T>(choices: readonly T[]): T => choices[Math.floor(roll() * choices.length)] as T;
  const preset: PresetName = one(PRESETS);
  const change = { endSession: true, pause: true, flowSteps: one([0, 1]) };
  const thread = new Thread(stage, { preset, change, lingerMs: one([200, 60_000]) });
  let named = (await thread.say()).conversationId;
  const lease = () => one([{ granted: 'lease' }, { refused: 'CAPACITY_FULL' as const }]);
  stage.world.grant = async () => lease();
  const administrator = { ...manager, role: 'administrator' as const, scopes: ['campaign:whatsapp'] };
  const supervisor = () => ({ caller: one([manager, administrator]) });
  const tags = () => ({ tags: [one(['refund', 'delivery'])] });
  const steps: (() => Promise<unknown>)[] = [
    async () => (named = (await thread.say({ lease: lease() })).conversationId),
    () => thread.answerAs(one(AGENTS), named),
    () => command(stage, named, 'handOver', { caller: router }),
    () => command(stage, named, 'requeue', { caller: router, pendingReason: one(['icr', 'out-of-hours', 'in-queue']) }),
    () => command(stage, named, 'assign', { caller: router, to: one(AGENTS), lease: lease() }),
    () => command(stage, named, 'reassign', { ...supervisor(), to: one(AGENTS) }),
    () => command(stage, named, 'pause', { caller: agent(one(AGENTS)) }),
    () => command(stage, named, 'resume', { caller: agent(one(AGENTS)), lease: lease() }),
    () => command(stage, named, 'returnToQueue', { caller: agent(one(AGENTS)) }),
    () => command(stage, named, 'endSession', { caller: agent(one(AGENTS)) }),
    () => command(stage, named, 'qualify', { ...supervisor(), ...tags() }),
    () => command(stage, named, 'addNote', { ...supervisor(), noteId: `note_${Math.floor(roll() * 1e6)}` }),
    () => command(stage, named, 'close', { ...supervisor(), episode: one([1, 2]) }),
    () => command(stage, named, 'cancel', { ...supervisor(), category: 'spam' }),
    () =>
      stage.foreign.workflow
        .getHandle(thread.workflowId)
        .signal('pause', { conversationId: named })
        .catch(() => undefined),
    () => command(stage, one(thread.heard).conversationId, 'close', supervisor()),
  ];
  for (let step = 0; step < STEPS; step += 1) await one(steps)().catch(ignoreMissing);
  return thread;
}

/** Its run may be over. */
function ignoreMissing(error: unknown): void {
  if (!String(error).includes('not-found')) throw error;
}
