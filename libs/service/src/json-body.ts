import type { NextFunction, Request, Response } from 'express';
import { problem, type ProblemError } from './problem.js';
import { readStrictJson } from './strict-json.js';

export interface JsonBody {
  /** As it came, for signatures over the bytes. */
  raw: Buffer;
  isEmpty: boolean;
  value: unknown;
  forbiddenKey?: string;
}

export const MAX_BODY_BYTES = 64 * 1024;
/** What we still read of a body that is too large, so that its sender gets to hear why. */
const DRAIN_BYTES = 16 * 1024 * 1024;
/** 64 KiB need no longer on any line that can hold a conversation. */
const BODY_WITHIN_MS = 9000;
const HANG_UP = { headers: { Connection: 'close' } };
const EMPTY: JsonBody = { raw: Buffer.alloc(0), isEmpty: true, value: undefined };

const bodies = new WeakMap<Request, JsonBody>();

export const bodyOf = (request: Request): JsonBody => bodies.get(request) ?? EMPTY;
/** The bytes of the body as they came (Standard Webhooks sign those). */
export const rawBodyOf = (request: Request): Buffer => bodyOf(request).raw;

/** The first three refusals of the contract, before anybody is asked who they are: 413, 415, 400. */
export async function readJsonBody(request: Request, _response: Response, next: NextFunction): Promise<void> {
  try {
    bodies.set(request, await jsonBodyOf(request));
    next();
  } catch (error) {
    next(error);
  }
}

async function jsonBodyOf(request: Request): Promise<JsonBody> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length === 0 && request.headers['transfer-encoding'] === undefined) return EMPTY;
  if (length > MAX_BODY_BYTES) throw tooLarge(request);
  const wrongType = mediaTypeFault(request);
  const raw = await rawBytes(request);
  if (raw.length === 0) return EMPTY;
  if (wrongType) throw problem(415, 'media-type', wrongType);
  const read = readStrictJson(raw);
  if (!read.ok) throw problem(400, 'malformed', `The body ${read.fault}.`);
  return {
    raw,
    isEmpty: false,
    value: read.value,
    ...(read.forbiddenKey !== undefined && { forbiddenKey: read.forbiddenKey }),
  };
}

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function mediaTypeFault(request: Request): string | undefined {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return 'Bodies may not be compressed.';
  return JSON_TYPE.test(request.headers['content-type'] ?? '') ? undefined : 'Send application/json in UTF-8.';
}

async function rawBytes(request: Request): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else reject(tooLarge(request));
  };
  const tooSlow = setTimeout(() => reject(problem(408, 'timeout', undefined, HANG_UP)), BODY_WITHIN_MS);
  request.on('data', onData);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('close', () => reject(problem(400, 'malformed', 'The body ended early.')));
  return promise.finally(() => {
    clearTimeout(tooSlow);
    request.off('data', onData);
  });
}

function tooLarge(request: Request): ProblemError {
  let drained = 0;
  request.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > DRAIN_BYTES) request.destroy();
  });
  return problem(413, 'too-large', undefined, HANG_UP);
}
