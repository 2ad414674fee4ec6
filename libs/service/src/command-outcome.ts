import type { CommandAnswer, ConversationView, EffectCode, EffectData } from '@parley/contracts/conversation';
import type { Refusal } from '@parley/contracts/command';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Reply } from '@parley/temporal/patience';
import { effectText } from './effect-text.js';
import type { Language } from './language.js';
import { problem, refusalProblem, unavailable, type ProblemError } from './problem.js';

/** What became of a command, however it was sent. */
export type CommandOutcome =
  | {
      kind: 'done';
      outcome: string;
      sequence: number;
      conversation: ConversationView;
      effects: readonly { code: EffectCode; data: EffectData }[];
    }
  | ({ kind: 'refused' } & Refusal)
  | { kind: 'busy'; retryAfterMs: number }
  /** Nothing has this id here, or it is another tenant's. */
  | { kind: 'not-found' }
  /** It is known, but what we know is not yet enough to answer (architecture.md, decision 9). */
  | { kind: 'behind' }
  | { kind: 'unavailable' }
  | { kind: 'unknown-outcome' };

/** The workflow's answer, or what `elsewhere` knows (archive, fold) when no run holds the conversation. */
export async function outcomeOf(
  reply: Reply<CommandUpdateAnswer>,
  elsewhere: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  if (reply.kind === 'not-found') return elsewhere();
  if (reply.kind !== 'answer') return { kind: reply.kind };
  return reply.answer.kind === 'unknown-conversation' ? elsewhere() : reply.answer;
}

/**
 * What policy wants and nobody does until there are notifications: an answer names only what really happens. Left out
 * here and not where it is decided, for the workflow's answers stand in histories that must replay.
 */
const NOT_YET: readonly EffectCode[] = ['visitor-told'];

/** The body of a 200, or the problem that it is. */
export function answerOrProblem(
  outcome: CommandOutcome,
  { language, commandId, dryRun }: { language: Language; commandId: string; dryRun: boolean },
): CommandAnswer | ProblemError {
  switch (outcome.kind) {
    case 'done':
      return {
        outcome: outcome.outcome,
        sequence: outcome.sequence,
        conversation: outcome.conversation,
        effects: outcome.effects
          .filter(({ code }) => !NOT_YET.includes(code))
          .map(({ code, data }) => ({ code, text: effectText(code, data, language), data })),
        ...(dryRun && { dryRun }),
      };
    case 'refused':
      return refusalProblem(outcome);
    case 'busy':
      return unavailable('Another change of this conversation is under way.', Math.ceil(outcome.retryAfterMs / 1000));
    case 'not-found':
      return problem(404, 'not-found');
    case 'behind':
      return unavailable('What is known of this conversation is still catching up.');
    case 'unavailable':
      return unavailable('The conversation cannot be reached just now.');
    case 'unknown-outcome':
      return problem(504, 'outcome-unknown', undefined, { commandId });
  }
}
