import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { SIGNATURE, VERIFIED_MARK } from './marks.js';

export interface SigningSecrets {
  /** PARLEY_SECRET: signs. */
  secret: string;
  /**
   * Accepted beside it. A replay verifies again, so a secret may be forgotten only when no run is left that it signed
   * for: else the same history would decide otherwise.
   */
  previousSecrets?: readonly string[];
}

type Metadata = NonNullable<Payload['metadata']>;

/**
 * Signs every payload that leaves for its workflow, and marks what came with a valid signature; the rest passes unmarked.
 * Runs outside the workflow sandbox, so `node:crypto` is at hand, and never throws on what it decodes.
 */
export function createSigningCodec({ secret, previousSecrets = [] }: SigningSecrets): PayloadCodec {
  const signingKey = keyFrom(secret);
  const keys = [signingKey, ...previousSecrets.map(keyFrom)];
  return {
    encode: async (payloads, context) =>
      payloads.map((payload) => signedPayload(payload, signingKey, ownerOf(context))),
    decode: async (payloads, context) => payloads.map((payload) => verifiedPayload(payload, keys, ownerOf(context))),
  };
}

const keyFrom = (secret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'parley', 'temporal-payload-signature/v1', 32));

/** Whoever reads one thread's history must not be able to say the same to another. */
const ownerOf = (context: SerializationContext | undefined): string => context?.workflowId ?? '';

function signedPayload(payload: Payload, key: Buffer, owner: string): Payload {
  const metadata = withoutMarks(payload.metadata);
  return { ...payload, metadata: { ...metadata, [SIGNATURE]: signatureOf(metadata, payload.data, key, owner) } };
}

function verifiedPayload(payload: Payload, keys: readonly Buffer[], owner: string): Payload {
  const signature = payload.metadata?.[SIGNATURE];
  const metadata = withoutMarks(payload.metadata);
  const holds =
    signature !== undefined && keys.some((key) => equal(signature, signatureOf(metadata, payload.data, key, owner)));
  return { ...payload, metadata: holds ? { ...metadata, [VERIFIED_MARK]: new Uint8Array([1]) } : metadata };
}

function withoutMarks(metadata: Payload['metadata']): Metadata {
  const { [SIGNATURE]: _signature, [VERIFIED_MARK]: _mark, ...rest } = metadata ?? {};
  return rest;
}

/** Each part with its length: the same bytes under another encoding, or for another workflow, are another value. */
function signatureOf(metadata: Metadata, data: Payload['data'], key: Buffer, owner: string): Uint8Array {
  const hmac = createHmac('sha256', key);
  for (const part of [Buffer.from(owner), bytesOr(metadata['encoding']), bytesOr(data)]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}

/** Decoded protobuf shows bytes that are empty as a plain `[]`, which no HMAC takes. */
const bytesOr = (bytes: Uint8Array | null | undefined): Uint8Array =>
  ArrayBuffer.isView(bytes) ? bytes : new Uint8Array();

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
