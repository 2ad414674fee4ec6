import type { Command, CommandOf } from '@parley/contracts/command';
import type { Conversation, Facts } from '@parley/contracts/state';
import { mayCall, verbOf } from './access.js';
import type { Decision, Ruling } from './decision.js';
import { seal, type Life } from './draft.js';
import { firstAgainst, firstRecordFor } from './order-of-checks.js';
import { addNote, answerSurvey, erase, qualify, rate, trackTransaction } from './rules/amendments.js';
import { assign, handOver, pause, reassign, requeue, resume, returnToQueue } from './rules/assignment.js';
import { cancel, close } from './rules/close.js';
import { deadline } from './rules/deadline.js';
import { begun, message, reactivate } from './rules/message.js';
import { endSession, visitorLeft } from './rules/session.js';

/**
 * The one place where a conversation's life goes on: what a command comes to, given the state, what else is known, and
 * the instant. Pure: the workflow, the dry run, the policy simulator and the history page all ask here.
 *
 * `state` is undefined only for `start`. A message itself is no event of the life: fold it after these events.
 */
export function decide(state: Conversation | undefined, command: Command, facts: Facts, now: string): Decision {
  if (state === undefined) return begin(command, now);
  const ruling = rule(state, command, facts, now);
  const against = firstAgainst(state, command, ruling);
  if (against === 'already-closed')
    return { kind: 'unchanged', outcome: 'already-closed', record: firstRecordFor(state, command) };
  if (against !== undefined) return { kind: 'refused', reason: against };
  if (typeof ruling.then === 'string') return NOTHING_HAPPENS[ruling.then];
  const events = seal(lifeFor(state, command), command, now, ruling.then);
  return { kind: 'decided', outcome: ruling.outcome, events };
}

const NOTHING_HAPPENS: Record<Extract<Ruling['then'], string>, Decision> = {
  'not-eligible': { kind: 'refused', reason: 'NOT_ELIGIBLE_STATE' },
  unchanged: { kind: 'unchanged', outcome: 'unchanged', record: null },
  'ask-lease': { kind: 'ask-lease' },
};

/** mission.md, *Commands*: one rule a line of its table. */
function rule(state: Conversation, command: Command, facts: Facts, now: string): Ruling {
  switch (command.type) {
    case 'start':
      return { outcome: 'message-received', then: 'not-eligible' };
    case 'reactivate':
      return reactivate(state, command, facts, now);
    case 'message':
      return message(state, command, facts, now);
    case 'handOver':
      return handOver(state, command, facts, now);
    case 'requeue':
      return requeue(state, command, facts, now);
    case 'assign':
      return assign(state, command, facts, now);
    case 'reassign':
      return reassign(state, command, facts, now);
    case 'pause':
      return pause(state, command, facts, now);
    case 'resume':
      return resume(state, command, facts, now);
    case 'returnToQueue':
      return returnToQueue(state, command, facts, now);
    case 'close':
      return close(state, command, facts, now);
    case 'cancel':
      return cancel(state, command, facts, now);
    case 'endSession':
      return endSession(state, command, facts, now);
    case 'visitorLeft':
      return visitorLeft(state, command, facts, now);
    case 'deadline':
      return deadline(state, command, facts, now);
    case 'qualify':
      return qualify(state, command, facts, now);
    case 'addNote':
      return addNote(state, command, facts, now);
    case 'trackTransaction':
      return trackTransaction(state, command, facts, now);
    case 'answerSurvey':
      return answerSurvey(state, command, facts, now);
    case 'rate':
      return rate(state, command, facts, now);
    case 'erase':
      return erase(state, command, facts, now);
  }
}

/** A conversation that is not there yet: it can only start. */
function begin(command: Command, now: string): Decision {
  if (!mayCall([command.caller.role], command.caller.scopes, verbOf(command)))
    return { kind: 'refused', reason: 'FORBIDDEN_ROLE' };
  if (command.type !== 'start') return { kind: 'refused', reason: 'NOT_ELIGIBLE_STATE' };
  return {
    kind: 'decided',
    outcome: 'message-received',
    events: seal(firstLife(command), command, now, begun(command)),
  };
}

function firstLife({ tenant, threadId, conversationId, start }: CommandOf<'start'>): Life {
  return { tenant, threadId, conversationId, ...start, episode: 1, sequence: 0, status: 'bot' };
}

/** A reactivation begins the next episode, under the policy and the campaign of now. */
const lifeFor = (state: Conversation, command: Command): Life =>
  command.type === 'reactivate' ? { ...state, ...command.start, episode: state.episode + 1 } : state;
