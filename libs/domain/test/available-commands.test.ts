import { describe, expect, test } from '@jest/globals';
import { CommandName } from '@parley/contracts/conversation';
import { availableCommands } from '../src/available-commands.js';
import {
  administrator,
  agentWrote,
  ana,
  assignedTo,
  ben,
  close,
  done,
  erase,
  given,
  hasNext,
  manager,
  pause,
  policy,
  program,
  qualify,
  sellia,
  social,
  T0,
  visitor,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];

describe('which commands are available', () => {
  const facts = { presence: { online: false, authenticated: false }, rulesVersion: 1 };
  const enabled = (steps: Step[], who: typeof ana) =>
    availableCommands(given(...steps).state, who, facts, T0)
      .filter((one) => one.enabled)
      .map((one) => one.command);
  const reasonFor = (steps: Step[], who: typeof ana, command: string) =>
    availableCommands(given(...steps).state, who, facts, T0).find((one) => one.command === command)?.reasonCode;

  test('to the agent who has it', () => {
    expect(enabled(active, ana)).toEqual(['message', 'return-to-queue', 'reassign', 'close', 'qualify', 'add-note']);
    expect(enabled([social, ...active], ana)).toContain('pause');
    expect(enabled([zendesk, ...active], ana)).toContain('end-session');
    expect(enabled([social, ...active, done(pause())], ana)).toEqual([
      'pick',
      'resume',
      'reassign',
      'close',
      'qualify',
      'add-note',
    ]);
  });
  test('to another of the team, a supervisor, a program, the visitor', () => {
    expect(enabled([visitorWrote], ben)).toEqual(['pick']);
    expect(enabled(active, manager)).toEqual(['reassign', 'close', 'qualify', 'add-note']);
    expect(enabled([sellia, ...active], administrator)).toEqual(['reassign', 'cancel', 'qualify', 'add-note']);
    expect(enabled([social, ...active], program)).toEqual(['pause', 'reassign', 'close', 'qualify', 'add-note']);
    expect(enabled(active, visitor)).toEqual(['message']);
  });
  test('what only the form can get wrong is not held against it', () => {
    expect(enabled([sellia, policy({ comment: 'required' }), ...active], administrator)).toContain('cancel');
    expect(enabled([policy({ comment: 'required' }), ...active], manager)).toContain('close');
    expect(enabled([policy({ comment: 'off' }), ...active], manager)).toContain('close');
    expect(enabled([policy({ categoryToClose: 'required' }), ...active], ana)).toContain('close');
  });
  test('and why the others are not', () => {
    expect(reasonFor(active, ana, 'pause')).toBe('FEATURE_DISABLED');
    expect(reasonFor(active, ana, 'cancel')).toBe('FORBIDDEN_ROLE');
    expect(reasonFor(active, program, 'message')).toBe('FORBIDDEN_ROLE');
    expect(reasonFor(active, ben, 'close')).toBe('FORBIDDEN_SCOPE');
    expect(reasonFor([...active, done(close())], ana, 'close')).toBe('NOT_ELIGIBLE_STATE');
    expect(reasonFor([...active, done(close()), hasNext], ana, 'close')).toBe('STALE_TARGET');
    expect(reasonFor([...active, done(erase())], ana, 'qualify')).toBe('ERASED');
  });
  test('every command of the contract is answered', () => {
    const answered = availableCommands(given(...active).state, ana, facts, T0).map(({ command }) => command);
    expect(answered).toEqual(CommandName.options);
    expect(enabled([policy({ flowSteps: 1 }), visitorWrote], program)).toContain('hand-over');
  });
  test('to qualify as it is already is no fault', () => {
    expect(enabled([...active, done(qualify({ category: 'trial' }))], ana)).toContain('qualify');
  });
});
