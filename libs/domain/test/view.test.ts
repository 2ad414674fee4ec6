import { describe, expect, test } from '@jest/globals';
import { ConversationView } from '@parley/contracts/conversation';
import { isOpen, succeededBy } from '../src/conversation.js';
import { viewOf } from '../src/view.js';
import { agentWrote, ana, assignedTo, close, done, given, visitorWrote, type Step } from './given.js';
import { PLACES, standing } from './situations.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];

describe('the conversation as it is answered', () => {
  test.each(PLACES)('%s: in every place it has exactly the fields of the contract', (place) => {
    const { state } = given(...standing(place));
    const view = viewOf(state);
    expect(ConversationView.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      availableCommands: null,
      status: state.status,
      policy: { name: 'iadvize-onsite', version: 3 },
    });
  });
  test('what does not apply is null', () => {
    expect(viewOf(given(visitorWrote).state)).toMatchObject({
      pendingReason: 'in-queue',
      assignedTo: null,
      closing: null,
    });
    expect(viewOf(given(...active).state)).toMatchObject({ pendingReason: null, assignedTo: 'ana', closing: null });
    expect(viewOf(given(...active, done(close())).state)).toMatchObject({
      assignedTo: null,
      closing: { statsAgent: 'ana' },
    });
  });
  test('the next one of the thread is told to it from outside', () => {
    const { state } = given(...active, done(close()));
    expect(viewOf(succeededBy(state, 'cnv_2')).nextConversationId).toBe('cnv_2');
  });
  test('X1: wrap-up is neither open nor ended', () => {
    expect(PLACES.filter((place) => !isOpen(given(...standing(place)).state))).toEqual([
      'wrap-up',
      'closed',
      'cancelled',
    ]);
  });
});
