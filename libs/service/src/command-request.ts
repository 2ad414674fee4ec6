import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { rawBodyOf } from './json-body.js';
import { fingerprintOf } from './idempotency.js';
import { languageOf, type Language } from './language.js';
import { problem } from './problem.js';
import { routeOf } from './route.js';

/** What every command says in its headers and in `?dryRun`. */
export interface CommandRequest {
  /** As sent, or made here and returned. */
  key: string;
  fingerprint: string;
  dryRun: boolean;
  /** From `If-Match: "<sequence>"`; `*` and none guard nothing. */
  ifSequence: number | undefined;
  language: Language;
  /** Of the 2xx that the route gives. */
  successStatus: number;
  /** What the answer carries beside its body; kept with it. */
  headers: Readonly<Record<string, string>>;
  setHeader(name: string, value: string): void;
}

/** Handler parameter of a route with `command: true`. */
export const AsCommand = createParamDecorator((_: unknown, context: ExecutionContext): CommandRequest => {
  const http = context.switchToHttp();
  const successStatus = routeOf(context.getHandler())?.status ?? 200;
  return readCommandRequest(http.getRequest<Request>(), http.getResponse<Response>(), successStatus);
});

/** 400 comes before 401 and 403 (contract.md, the order of refusals): the front door asks before anybody's token is looked at. */
export function demandReadableHeaders(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  idempotencyKeyIn(request);
  ifMatchOf(request.headers['if-match']);
}

export function readCommandRequest(request: Request, response: Response, successStatus: number): CommandRequest {
  const headers: Record<string, string> = {};
  const key = idempotencyKeyIn(request) ?? randomUUID();
  response.setHeader('Idempotency-Key', key);
  return {
    key,
    fingerprint: fingerprintOf(request.method, request.path, rawBodyOf(request)),
    dryRun: request.query['dryRun'] === 'true',
    ifSequence: ifMatchOf(request.headers['if-match']),
    language: languageOf(request.headers['accept-language']),
    successStatus,
    headers,
    setHeader(name, value) {
      headers[name] = value;
      response.setHeader(name, value);
    },
  };
}

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

function idempotencyKeyIn(request: Request): string | undefined {
  const key = request.header('idempotency-key');
  if (key !== undefined && !VISIBLE_ASCII.test(key))
    throw problem(400, 'malformed', 'Idempotency-Key has 1 to 255 visible ASCII characters.');
  return key;
}

const ETAG = /^"(\d{1,15})"$/;

/** Of RFC 9110's forms only `*` and one strong tag of ours; a list or a weak tag is refused. */
export function ifMatchOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const sequence = ETAG.exec(header.trim())?.[1];
  if (sequence === undefined) throw problem(400, 'malformed', 'If-Match is "<sequence>" or *.');
  return Number(sequence);
}

export const etagOf = (sequence: number): string => `"${sequence}"`;
