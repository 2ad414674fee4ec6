import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { SIGNED, UNDECODABLE, type Undecodable } from '@parley/contracts/signed';
import { VERIFIED_MARK } from './marks.js';

/**
 * Sandbox-safe: this file is `payloadConverterPath` of the workflow bundle, of every worker and of every client.
 * `fromPayload` is total: the SDK decodes a signal's arguments without a catch, so one throw wedges the workflow for
 * good (TS#1174). What nobody can read becomes an {@link Undecodable}.
 */
export const payloadConverter = {
  toPayload: (value: unknown): Payload => defaultPayloadConverter.toPayload(value),
  fromPayload(payload: Payload): unknown {
    try {
      const value: unknown = defaultPayloadConverter.fromPayload(payload);
      return isVerified(payload) ? signed(value) : value;
    } catch (error) {
      return undecodable(error instanceof Error ? error.message : 'unreadable');
    }
  },
};

/** The codec alone sets this mark, after the HMAC held; it strips what came with it from outside. */
const isVerified = (payload: Payload): boolean => payload.metadata?.[VERIFIED_MARK] !== undefined;

function signed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.defineProperty(value, SIGNED, { value: true, enumerable: false });
}

function undecodable(why: string): Undecodable {
  const value = { undecodable: why.slice(0, 200) };
  return Object.defineProperty(value, UNDECODABLE, { value: true, enumerable: false });
}
