import type { Caller } from '@parley/contracts/actor';
import type { Command } from '@parley/contracts/command';
import type { SignalName } from '@parley/contracts/protocol';
import { tagFault, tagSlug } from '@parley/contracts/tag';
import { SIGNAL_CALLER } from '@parley/domain/access';
import { isPositive, isText, exactly, listOf, oneOf, type Guard } from './shapes.js';

/** What other systems say, and what says it is ours without our signature: ids and names, never a text, never a role. */

const FOREIGN_ID = /^[A-Za-z0-9][A-Za-z0-9._~:+-]{0,199}$/;
const SLUG = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u;
export const isForeignId = (value: unknown): value is string => isText(value) && FOREIGN_ID.test(value);
const isTagName = (value: unknown): value is string => isText(value) && tagFault(value) === undefined;
const isSlug = (value: unknown): value is string => isText(value) && SLUG.test(value);

export interface ForeignSaid {
  conversationId: string;
  messageId: string;
  author: 'visitor' | 'agent';
  agentId?: string;
  commandId?: string;
  episode?: number;
}

const named = { conversationId: isForeignId };
const repeatable = { commandId: isForeignId, episode: isPositive };

export const isForeignSaid: Guard<ForeignSaid> = exactly(
  { ...named, messageId: isForeignId, author: oneOf('visitor', 'agent') },
  { ...repeatable, agentId: isForeignId },
);

const isPause = exactly(named, repeatable);
const isClose = exactly(named, { ...repeatable, tags: listOf(isTagName, 50) });
const isCancel = exactly(named, { ...repeatable, category: isSlug, subcategory: isSlug });
const isReassign = exactly({ ...named, to: isForeignId }, repeatable);

export interface ForeignCommand {
  conversationId: string;
  /** Left out: nobody will ask again. */
  commandId: string | undefined;
  commandAs(id: string): Command;
}

/** A signal's command, or undefined when its payload is none. */
export function readSignal(name: Exclude<SignalName, 'message'>, payload: unknown): ForeignCommand | undefined {
  switch (name) {
    case 'pause':
      return isPause(payload) ? foreignCommand(payload, (base) => ({ ...base, type: 'pause' })) : undefined;
    case 'close':
      return isClose(payload)
        ? foreignCommand(payload, (base) => ({ ...base, type: 'close', ...slugged(payload.tags) }))
        : undefined;
    case 'cancel': {
      if (!isCancel(payload)) return undefined;
      const { category, subcategory } = payload;
      return foreignCommand(payload, (base) => ({ ...base, type: 'cancel', ...qualified(category, subcategory) }));
    }
    case 'reassign':
      return isReassign(payload)
        ? foreignCommand(payload, (base) => ({ ...base, type: 'reassign', to: payload.to }))
        : undefined;
  }
}

interface Base {
  commandId: string;
  caller: Caller;
  episode?: number;
}
type Repeatable = { conversationId: string; commandId?: string; episode?: number };

function foreignCommand(
  { conversationId, commandId, episode }: Repeatable,
  name: (base: Base) => Command,
): ForeignCommand {
  const commandAs = (id: string): Command =>
    name({ commandId: id, caller: SIGNAL_CALLER, ...(episode !== undefined && { episode }) });
  return { conversationId, commandId, commandAs };
}

const slugged = (tags: string[] | undefined) => (tags === undefined ? {} : { tags: [...new Set(tags.map(tagSlug))] });

const qualified = (category: string | undefined, subcategory: string | undefined) => ({
  ...(category !== undefined && { category }),
  ...(subcategory !== undefined && { subcategory }),
});

const UNSIGNED_CALLER: Caller = { ...SIGNAL_CALLER, id: 'unsigned' };

/**
 * A command without our signature: whoever it says it is from, it acts as an integration, with what a signal could say.
 * Undefined: no integration has this verb (`FEATURE_DISABLED`).
 */
export function asIntegration(command: Command): Command | undefined {
  const { commandId, episode, ifSequence, ifMessageCount } = command;
  const base = {
    commandId: commandId.replaceAll(/[^A-Za-z0-9._~:+-]/g, '-'),
    caller: UNSIGNED_CALLER,
    ...(episode !== undefined && { episode }),
    ...(ifSequence !== undefined && { ifSequence }),
    ...(ifMessageCount !== undefined && { ifMessageCount }),
  };
  if (command.type === 'pause') return { ...base, type: 'pause' };
  if (command.type === 'close') return { ...base, type: 'close', ...slugged(command.tags?.filter(isTagName)) };
  if (command.type === 'cancel')
    return { ...base, type: 'cancel', ...qualified(slugOf(command.category), slugOf(command.subcategory)) };
  if (command.type === 'reassign')
    return { ...base, type: 'reassign', to: isForeignId(command.to) ? command.to : 'nobody' };
  return undefined;
}

const slugOf = (name: string | undefined): string | undefined => (isSlug(name) ? name : undefined);
