import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '@parley/contracts/command';
import { UPDATE_COMMANDS, type UpdateCommandType } from '@parley/contracts/protocol';
import { presets } from '@parley/domain/presets';
import fc from 'fast-check';
import { readCommand } from '../src/command-guards.js';
import { isForeignSaid, readSignal } from '../src/foreign.js';
import { askedFor, isConversationInput, isLease, isMessageUpdate, isPresenceUpdate } from '../src/guards.js';
import { placeOfForeign } from '../src/said-elsewhere.js';
import { sizeOf } from '../src/size.js';

const caller = { kind: 'agent', id: 'eva', role: 'agent', scopes: ['team:support'] };
const base = { commandId: 'cmd:1', caller };
const lease = { granted: 'lease' };
const tags = { tags: ['refund'], category: 'spam', subcategory: 'by-phone', subcategoryOf: null };
const at = '2026-11-21T10:00:00.000Z';

/** Each command with all of its own fields. */
const WHOLE: Record<UpdateCommandType, Record<string, unknown>> = {
  handOver: { ...base, group: 'support', pendingReason: 'icr' },
  requeue: { ...base, pendingReason: 'returned' },
  assign: { ...base, to: 'eva', lease },
  reassign: { ...base, to: 'eva', group: 'support', commentId: 'c_1', lease: { refused: 'CAPACITY_FULL' } },
  pause: { ...base, episode: 1, ifSequence: 0, ifMessageCount: 3, correlationid: 'c', traceparent: 't' },
  resume: { ...base, lease },
  returnToQueue: base,
  close: { ...base, ...tags, noteId: 'n_1', commentId: 'c_1', bulk: true },
  cancel: { ...base, ...tags, commentId: 'c_1', bulk: false },
  endSession: { ...base, reason: 'end-user' },
  visitorLeft: base,
  qualify: { ...base, ...tags },
  addNote: { ...base, noteId: 'n_1' },
  trackTransaction: { ...base, transactionId: 't_1', amountMinor: -5, currency: 'EUR', at },
  answerSurvey: { ...base, surveyId: 's_1', score: 4 },
  rate: { ...base, exchange: 5, tool: null },
  erase: base,
};

describe('commands', () => {
  test.each(UPDATE_COMMANDS)('%s: what the contract takes is taken', (type) => {
    expect(COMMANDS[type].safeParse({ ...WHOLE[type], type }).success).toBe(true);
    const read = readCommand(type, { conversationId: 'cnv_1', command: WHOLE[type] });
    expect(read).toEqual({ conversationId: 'cnv_1', command: { ...WHOLE[type], type } });
  });

  test.each(UPDATE_COMMANDS)('%s: the contract’s every field is looked at', (type) => {
    for (const field of Object.keys(WHOLE[type])) {
      const command = { ...WHOLE[type], [field]: { unheard: 'of' } };
      expect(readCommand(type, { conversationId: 'cnv_1', command })).toBeUndefined();
    }
    const known = Object.keys(COMMANDS[type].shape).filter((field) => field !== 'type');
    const conditions = Object.keys(WHOLE.pause);
    expect(known.filter((field) => !(field in WHOLE[type]) && !conditions.includes(field))).toEqual([]);
  });

  test('a field that only a newer deployment knows is let pass', () => {
    const command = { ...base, brandNew: true };
    expect(readCommand('pause', { conversationId: 'cnv_1', command })).toBeDefined();
  });

  test('the type in a payload does not become the command’s', () => {
    const read = readCommand('pause', { conversationId: 'cnv_1', command: { ...base, type: 'erase' } });
    expect(read?.command.type).toBe('pause');
  });
});

const message = {
  messageId: 'msg_1',
  author: 'visitor',
  caller: { ...caller, kind: 'visitor', role: 'visitor' },
  acceptedAt: at,
  handedAt: at,
  length: null,
};
const start = {
  policy: { name: 'iadvize-social', version: 1, ...presets['iadvize-social'] },
  channelAccount: 'whatsapp',
  channelKind: 'third-party',
  surveyOn: true,
  campaign: 'whatsapp',
  paidPerConversation: false,
  group: 'support',
  contactId: 'con_1',
  pendingReason: 'in-queue',
};

describe('messages', () => {
  test('a message comes with what a start needs, or without', () => {
    expect(isMessageUpdate(message)).toBe(true);
    expect(
      isMessageUpdate({ ...message, start, previous: null, lease, presence: { online: true, authenticated: false } }),
    ).toBe(true);
  });

  test.each([
    ['instant', { acceptedAt: '2026-02-30T10:00:00.000Z' }],
    ['instant without milliseconds', { handedAt: '2026-11-21T10:00:00Z' }],
    ['past', { previous: { newest: {} } }],
    ['policy', { start: { ...start, policy: { ...start.policy, inactivityMs: '7 d' } } }],
    ['presence', { presence: { online: 'yes' } }],
    ['author', { author: 'system' }],
    ['id', { messageId: 'x'.repeat(257) }],
  ])('a wrong %s is refused', (_what, fields) => {
    expect(isMessageUpdate({ ...message, ...fields })).toBe(false);
  });

  test('the 29th of February is an instant in a leap year', () => {
    expect(isMessageUpdate({ ...message, acceptedAt: '2024-02-29T23:59:59.999Z' })).toBe(true);
  });

  test('of an unsigned message counts what a signal may say', () => {
    const said = { conversationId: 'cnv_1', messageId: 'm', author: 'visitor' };
    expect(placeOfForeign({ ...message, ...said, start })).toEqual(said);
    expect(placeOfForeign({ ...message, start })).toBeUndefined();
  });
});

describe('signals', () => {
  const named = { conversationId: 'cnv_1' };

  test('a signal says ids and names, and its words are made slugs', () => {
    const read = readSignal('close', {
      ...named,
      commandId: 'theirs',
      episode: 2,
      tags: ['Opening hours', 'opening-hours'],
    });
    expect(read?.commandAs('theirs')).toMatchObject({ type: 'close', tags: ['opening-hours'], episode: 2 });
    expect(readSignal('cancel', { ...named, category: 'spam' })?.commandAs('x')).toMatchObject({ category: 'spam' });
  });

  test.each([
    ['an unknown field', 'close', { ...named, comment: 'text' }],
    ['a role', 'pause', { ...named, role: 'manager' }],
    ['a name with blanks', 'cancel', { ...named, category: 'he called again' }],
    ['an address', 'close', { ...named, tags: ['a@b.example'] }],
    ['six digits', 'close', { ...named, tags: ['call 0123456'] }],
    ['an id with blanks', 'pause', { ...named, commandId: 'what he said' }],
    ['nobody to reassign to', 'reassign', named],
  ] as const)('%s is refused', (_what, name, payload) => {
    expect(readSignal(name, payload)).toBeUndefined();
  });
});

test('no guard throws, whatever it is given', () => {
  const deep = Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], 'deep');
  const anything = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
    fc.constant(deep),
  );
  const shaped = fc.record({ conversationId: anything, command: fc.record({ commandId: anything, caller: anything }) });
  fc.assert(
    fc.property(fc.oneof(anything, shaped), (value) => {
      UPDATE_COMMANDS.forEach((type) => readCommand(type, value));
      (['pause', 'close', 'cancel', 'reassign'] as const).forEach((name) => readSignal(name, value));
      [isMessageUpdate, isPresenceUpdate, isForeignSaid, isLease, isConversationInput].forEach((guard) => guard(value));
      askedFor(value);
      placeOfForeign(value);
      sizeOf(value);
    }),
    { numRuns: 300 },
  );
});
