import { defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { SIGNALS, type CommandUpdateAnswer, type SignalName } from '@parley/contracts/protocol';
import { isUndecodable } from '@parley/contracts/signed';
import { now } from './clock.js';
import { answerCommand } from './command.js';
import { isForeignId, isForeignSaid, readSignal } from './foreign.js';
import { answerReassign } from './reassign.js';
import { hearForeign } from './said-elsewhere.js';
import { isRecord } from './shapes.js';
import { sizeOf } from './size.js';
import type { Thread } from './thread.js';

/** A signal is ids and names; more is an attack or a mistake. */
const SIGNAL_BYTES = 16 * 1024;
const SIGNAL_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/** The door for systems that fire and forget. What is refused goes to the audit; nothing is answered, nothing throws. */
export function takeSignals(thread: Thread): void {
  for (const name of SIGNALS) {
    setHandler(defineSignal<unknown[]>(name), (...payloads: unknown[]) => take(thread, name, payloads));
  }
  setDefaultSignalHandler((name, ...payloads) => {
    thread.came();
    refuse(thread, SIGNAL_NAME.test(name) ? name : 'unreadable', payloads[0], 'unknown-signal');
  });
}

/** Synchronous for all but a reassignment, which may wait for its lease. */
function take(thread: Thread, name: SignalName, payloads: unknown[]): void | Promise<void> {
  thread.came();
  const [payload] = payloads;
  const fault = faultOf(payloads);
  const why = fault ?? (name === 'message' ? takeMessage(thread, payload) : takeCommand(thread, name, payload));
  const refuseFor = (reason: string | undefined): void => {
    if (reason !== undefined) refuse(thread, name, payload, reason);
  };
  return why instanceof Promise ? why.then(refuseFor) : refuseFor(why);
}

/** Why nobody looks at it further. */
function faultOf(payloads: unknown[]): string | undefined {
  const [payload] = payloads;
  if (payloads.length !== 1) return 'one-object-expected';
  if (isUndecodable(payload)) return 'undecodable';
  if (!isRecord(payload)) return 'one-object-expected';
  const bytes = sizeOf(payload);
  if (bytes === undefined || bytes > SIGNAL_BYTES) return 'too-large';
  return payload['conversationId'] === undefined ? 'conversation-not-named' : undefined;
}

function takeMessage(thread: Thread, payload: unknown): string | undefined {
  if (!isForeignSaid(payload)) return 'malformed';
  const answer = hearForeign(thread, payload);
  if (answer.kind === 'refused') return answer.reason;
  return answer.kind === 'unknown-conversation' ? answer.kind : undefined;
}

function takeCommand(
  thread: Thread,
  name: Exclude<SignalName, 'message'>,
  payload: unknown,
): string | undefined | Promise<string | undefined> {
  const read = readSignal(name, payload);
  if (!read) return 'malformed';
  const { conversationId, commandId = thread.serialId('signal'), commandAs } = read;
  const command = commandAs(commandId);
  const rememberedAs = `signal:${commandId}`;
  return command.type === 'reassign'
    ? answerReassign(thread, conversationId, command, rememberedAs).then(whyNot)
    : whyNot(answerCommand(thread, conversationId, command, rememberedAs));
}

const whyNot = (answer: CommandUpdateAnswer | { kind: 'ask-lease' }): string | undefined => {
  if (answer.kind === 'refused') return answer.reason;
  return answer.kind === 'done' ? undefined : answer.kind;
};

function refuse(thread: Thread, signal: string, payload: unknown, reason: string): void {
  const { tenant, threadId } = thread;
  const named = isRecord(payload) ? payload['conversationId'] : undefined;
  const conversationId = isForeignId(named) && named.length <= 80 ? named : null;
  if (conversationId !== null) thread.name(conversationId);
  const id = thread.serialId('refused-signal');
  thread.refusedSignals.add({ id, tenant, threadId, conversationId, signal, reason, at: now() });
  thread.moved();
}
