import type { Caller } from '@parley/contracts/actor';
import type { Command } from '@parley/contracts/command';
import type { AvailableCommand, CommandName } from '@parley/contracts/conversation';
import type { Conversation, Facts } from '@parley/contracts/state';
import { decide } from './decide.js';

/**
 * Which buttons work, and why the others do not: each command is decided on trial, filled in as its form would be.
 * What only the form can get wrong (a category, a comment, a target) is not held against it here.
 */
export const availableCommands = (state: Conversation, caller: Caller, facts: Facts, now: string): AvailableCommand[] =>
  trials(state, caller, now).map(([command, trial]) =>
    isButtonOf(command, caller)
      ? tried(state, command, trial, facts, now)
      : { command, enabled: false, reasonCode: 'FORBIDDEN_ROLE' },
  );

/** A program may tell what was said elsewhere, but that is no button: this one writes as oneself. */
const isButtonOf = (command: CommandName, { kind }: Caller): boolean => command !== 'message' || kind !== 'integration';

function tried(state: Conversation, command: CommandName, trial: Command, facts: Facts, now: string): AvailableCommand {
  const decision = decide(state, trial, facts, now);
  if (decision.kind === 'refused') return { command, enabled: false, reasonCode: decision.reason };
  if (decision.kind !== 'unchanged' || decision.outcome === 'unchanged')
    return { command, enabled: true, reasonCode: null };
  return {
    command,
    enabled: false,
    reasonCode: state.nextConversationId === null ? 'NOT_ELIGIBLE_STATE' : 'STALE_TARGET',
  };
}

function trials(state: Conversation, caller: Caller, now: string): [CommandName, Command][] {
  const base = { commandId: 'trial', caller };
  const lease = { granted: 'trial' };
  const qualification = { category: 'trial' };
  const comment = state.policy.comment === 'off' ? {} : { commentId: 'trial' };
  const author = caller.kind === 'agent' ? 'agent' : 'visitor';
  return [
    ['message', { type: 'message', ...base, messageId: 'trial', author, acceptedAt: now, length: 1 }],
    ['pick', { type: 'assign', ...base, to: caller.id, lease }],
    ['pause', { type: 'pause', ...base }],
    ['resume', { type: 'resume', ...base, lease }],
    ['return-to-queue', { type: 'returnToQueue', ...base }],
    ['reassign', { type: 'reassign', ...base, to: 'trial', lease }],
    ['hand-over', { type: 'handOver', ...base }],
    ['close', { type: 'close', ...base, ...qualification, ...comment }],
    ['cancel', { type: 'cancel', ...base, ...qualification, ...comment }],
    ['end-session', { type: 'endSession', ...base }],
    ['qualify', { type: 'qualify', ...base, ...qualification }],
    ['add-note', { type: 'addNote', ...base, noteId: 'trial' }],
  ];
}
