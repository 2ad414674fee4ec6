import { defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { SIGNALS, type SignalName } from '@parley/contracts/protocol';
import { isUndecodable } from '@parley/contracts/signed';
import { now } from './clock.js';
import { answerCommand } from './command.js';
import { isForeignId, isForeignSaid, readSignal, type ForeignCommand } from './foreign.js';
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

async function take(thread: Thread, name: SignalName, payloads: unknown[]): Promise<void> {
  thread.came();
  const [payload] = payloads;
  const fault = faultOf(payloads);
  if (fault !== undefined) return refuse(thread, name, payload, fault);
  const why = name === 'message' ? takeMessage(thread, payload) : await takeCommand(thread, name, payload);
  if (why !== undefined) refuse(thread, name, payload, why);
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

async function takeCommand(
  thread: Thread,
  name: Exclude<SignalName, 'message'>,
  payload: unknown,
): Promise<string | undefined> {
  const read = readSignal(name, payload);
  if (!read) return 'malformed';
  const answer = await decide(thread, read);
  if (answer.kind === 'refused') return answer.reason;
  return answer.kind === 'done' ? undefined : answer.kind;
}

/** Synchronous for all but a reassignment, which may wait for its lease. */
function decide(thread: Thread, { conversationId, commandId, commandAs }: ForeignCommand) {
  const id = commandId ?? thread.serialId('signal');
  const command = commandAs(id);
  const rememberedAs = `signal:${id}`;
  return command.type === 'reassign'
    ? answerReassign(thread, conversationId, command, rememberedAs)
    : answerCommand(thread, conversationId, command, rememberedAs);
}

function refuse(thread: Thread, signal: string, payload: unknown, reason: string): void {
  const { tenant, threadId } = thread;
  const named = isRecord(payload) ? payload['conversationId'] : undefined;
  const conversationId = isForeignId(named) && named.length <= 80 ? named : null;
  if (conversationId !== null) thread.name(conversationId);
  const id = thread.serialId('refused-signal');
  thread.refusedSignals.add({ id, tenant, threadId, conversationId, signal, reason, at: now() });
  thread.moved();
}
