import type { Conversation } from '@parley/contracts/state';
import { isOpen } from './conversation.js';

/**
 * Where a visitor's message belongs (X1): it joins the open conversation of its thread, reactivates a cancelled one
 * (D8), or starts the next (B11, E10).
 */
export function placeMessage(newest: Conversation | undefined): 'join' | 'reactivate' | 'start' {
  if (newest === undefined || newest.erased) return 'start';
  if (isOpen(newest)) return 'join';
  return newest.status === 'cancelled' && newest.policy.afterCancelled === 'reactivate' ? 'reactivate' : 'start';
}
