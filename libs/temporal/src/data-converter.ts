import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createSigningCodec, type SigningSecrets } from './signing-codec.js';

/** Resolves beside this file: `.ts` while developing and testing, `.js` when built. */
export const payloadConverterPath = fileURLToPath(
  new URL(`./total-payload-converter${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** One for bundle, workers and clients alike. */
export const dataConverter = (secrets: SigningSecrets): DataConverter => ({
  payloadConverterPath,
  payloadCodecs: [createSigningCodec(secrets)],
});
