import type { Caller } from '@parley/contracts/actor';
import type { CommandOf } from '@parley/contracts/command';
import type { UpdateCommandType } from '@parley/contracts/protocol';
import type { CommandRequest } from '@parley/service/command-request';

/** Who asks for what on which conversation. */
export interface Ask {
  tenant: string;
  caller: Caller;
  conversationId: string;
  request: CommandRequest;
}

/** One of our commands with its name: what `decide` takes. */
export type InboxCommand = {
  [T in UpdateCommandType]: CommandOf<T>;
}[UpdateCommandType];
type Sendable<C> = C extends InboxCommand ? Omit<C, 'caller' | 'commandId' | 'ifSequence' | 'traceparent'> : never;
/** What one verb says beside what they all say. */
export type Fields = Sendable<InboxCommand>;
