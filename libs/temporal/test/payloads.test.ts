import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/data-converter-helpers.js';
import fc from 'fast-check';
import { isSigned, isUndecodable, SIGNED, UNDECODABLE } from '@parley/contracts/signed';
import { dataConverter } from '../src/data-converter.js';
import { SIGNATURE, VERIFIED_MARK } from '../src/marks.js';
import { createSigningCodec, type SigningSecrets } from '../src/signing-codec.js';
import { payloadConverter } from '../src/total-payload-converter.js';

const secret = 'correct horse battery staple and more';
const ours: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'conversation/demo/th_1' };

/** What a client sends, as a worker hears it. */
async function heard(
  payload: Payload,
  {
    from = { secret },
    to = { secret },
    sender = ours,
    receiver = ours,
  }: {
    from?: SigningSecrets;
    to?: SigningSecrets;
    sender?: SerializationContext;
    receiver?: SerializationContext;
  } = {},
): Promise<unknown> {
  const sent = await createSigningCodec(from).encode([payload], sender);
  const [received = {}] = await createSigningCodec(to).decode(sent, receiver);
  return payloadConverter.fromPayload(received);
}
const decoded = async (payload: Payload): Promise<unknown> => {
  const [received = {}] = await createSigningCodec({ secret }).decode([payload], ours);
  return payloadConverter.fromPayload(received);
};
const command = { conversationId: 'cnv_1', command: { commandId: 'cmd:1' } };
const payload = payloadConverter.toPayload(command);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (text: string | Uint8Array, more: Record<string, Uint8Array> = {}): Payload => ({
  metadata: { encoding: bytes('json/plain'), ...more },
  data: typeof text === 'string' ? bytes(text) : text,
});

test('the SDK loads the converter by its path, for workers and clients', () => {
  const { payloadConverter: loaded } = loadDataConverter(dataConverter({ secret }));
  expect(loaded.fromPayload(loaded.toPayload({ a: 1 }))).toEqual({ a: 1 });
});

describe('signed', () => {
  test('what one of us says is heard as signed, and carries nothing visible', async () => {
    const value = await heard(payload);
    expect(value).toEqual(command);
    expect([isSigned(value), Object.keys(value as object), JSON.stringify(value)]).toEqual([
      true,
      ['conversationId', 'command'],
      JSON.stringify(command),
    ]);
    expect(isSigned({ ...(value as object) })).toBe(false);
  });
  test('values of every kind survive', async () => {
    for (const value of [null, 'text', 3, true, [1], {}, undefined, new Uint8Array([1, 2])]) {
      expect(await heard(payloadConverter.toPayload(value))).toEqual(value);
    }
  });
  test('an earlier secret counts while it is named, and no longer', async () => {
    const from = { secret: 'the secret of the year before this one' };
    expect(isSigned(await heard(payload, { from, to: { secret, previousSecrets: [from.secret] } }))).toBe(true);
    expect(isSigned(await heard(payload, { from }))).toBe(false);
  });
});

describe('not signed, and still readable', () => {
  test.each([
    ['a foreign client', payload],
    ['a mark of its own', json('{"a":1}', { [VERIFIED_MARK]: new Uint8Array([1]) })],
    ['an invented signature', json('{"a":1}', { [SIGNATURE]: new Uint8Array(32) })],
    ['an empty signature', json('{"a":1}', { [SIGNATURE]: new Uint8Array() })],
    ['a signature of 1 MB', json('{"a":1}', { [SIGNATURE]: new Uint8Array(1_000_000) })],
    ['both', json('{"a":1}', { [SIGNATURE]: bytes('x'), [VERIFIED_MARK]: bytes('1') })],
    ['keys that look like ours', json('{"parley.signed":true,"Symbol(parley.signed)":true,"@@signed":true}')],
  ])('%s', async (_, foreign) => {
    const value = await decoded(foreign);
    expect([isSigned(value), isUndecodable(value), typeof value]).toEqual([false, false, 'object']);
  });
  test('the key of another', async () => {
    const value = await heard(payload, { from: { secret: 'an attacker who has a secret of his own' } });
    expect([value, isSigned(value)]).toEqual([command, false]);
  });
  test('the words of another conversation', async () => {
    const sender = { ...ours, workflowId: 'conversation/demo/th_2' };
    expect(isSigned(await heard(payload, { sender }))).toBe(false);
    expect(isSigned(await heard(payload, { sender, receiver: sender }))).toBe(true);
  });
  test('changed bytes, and the same bytes under another encoding', async () => {
    const [sent = {}] = await createSigningCodec({ secret }).encode([payload], ours);
    for (let at = 0; at < (sent.data?.length ?? 0); at += 1) {
      const data = Uint8Array.from(sent.data ?? []);
      data[at] = (data[at] ?? 0) ^ 1;
      expect(isSigned(await decoded({ ...sent, data }))).toBe(false);
    }
    const other = await decoded({ ...sent, metadata: { ...sent.metadata, encoding: bytes('binary/plain') } });
    expect([other instanceof Uint8Array, isSigned(other)]).toEqual([true, false]);
  });
  test('a mark does not leave the process again', async () => {
    const [again = {}] = await createSigningCodec({ secret }).encode(
      [json('{}', { [VERIFIED_MARK]: bytes('1') })],
      ours,
    );
    expect(Object.keys(again.metadata ?? {})).toEqual(['encoding', SIGNATURE]);
  });
});

describe('undecodable is a value', () => {
  const broken: [string, Payload][] = [
    ['bytes that are no JSON', json(new Uint8Array([0xff, 0xfe, 0x00]))],
    ['half a JSON', json('{"a":')],
    ['no bytes', { metadata: { encoding: bytes('json/plain') } }],
    ['null for bytes', { metadata: { encoding: bytes('json/plain') }, data: null }],
    ['an unknown encoding', { metadata: { encoding: bytes('binary/encrypted') }, data: bytes('x') }],
    ['protobuf', { metadata: { encoding: bytes('json/protobuf'), messageType: bytes('x') }, data: bytes('{}') }],
    ['an encoding that is no text', { metadata: { encoding: new Uint8Array([0xff, 0xc0]) }, data: bytes('x') }],
    ['no encoding', { metadata: {}, data: bytes('{}') }],
    ['no metadata', { data: bytes('{}') }],
    ['null for metadata', { metadata: null, data: bytes('{}') }],
    ['nothing at all', {}],
  ];
  test.each(broken)('%s', async (_, from) => {
    const value = await decoded(from);
    expect([isUndecodable(value), isSigned(value)]).toEqual([true, false]);
    expect(JSON.parse(JSON.stringify(value))).toEqual({ undecodable: expect.any(String) });
  });
  test('signed by us and broken is undecodable all the same', async () => {
    expect(isUndecodable(await heard(json('{')))).toBe(true);
  });
  test('JSON cannot claim to be', async () => {
    const value = await decoded(json('{"undecodable":"x"}'));
    expect([isUndecodable(value), UNDECODABLE in (value as object), SIGNED in (value as object)]).toEqual([
      false,
      false,
      false,
    ]);
  });
  test('whatever arrives, neither codec nor converter throws', async () => {
    const part = fc.uint8Array({ maxLength: 40 });
    const name = fc.constantFrom('encoding', SIGNATURE, VERIFIED_MARK, 'messageType', '__proto__');
    const encoding = fc.constantFrom('json/plain', 'binary/null', 'binary/plain', 'json/protobuf', 'x').map(bytes);
    const any = fc.record({ metadata: fc.dictionary(name, fc.oneof(part, encoding)), data: part });
    await fc.assert(
      fc.asyncProperty(any, async (from) => {
        expect(isSigned(await decoded(from))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
  test('60,000 levels are only a value', async () => {
    expect(isUndecodable(await decoded(json('['.repeat(60_000) + ']'.repeat(60_000))))).toBe(false);
  });
});

test('what the SDK’s own converter writes is read, and the other way round', () => {
  const value = { a: [1, 'é', null] };
  expect(payloadConverter.fromPayload(defaultPayloadConverter.toPayload(value))).toEqual(value);
  expect(defaultPayloadConverter.fromPayload(payloadConverter.toPayload(value))).toEqual(value);
});
