import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { breaks } from '../generate/compatibility.ts';
import { asJson, brokenPromises, committedPaths, isPromise, publishedFolder } from '../generate/documents.ts';
import { allSchemas, type JsonSchema } from '../generate/json-schema.ts';

const file = 'schemas/conversation.closed/1-0.json';

/** The present schemas with one type deliberately changed. */
function withChanged(
  type: string,
  change: (schema: { properties: Record<string, JsonSchema>; required: string[] }) => void,
) {
  const schemas = structuredClone(new Map(allSchemas()));
  change(schemas.get(type) as unknown as Parameters<typeof change>[0]);
  return brokenPromises(schemas);
}

test('the present schemas keep every promise of the published ones', () => {
  expect(brokenPromises()).toEqual([]);
});

test('what is published is what a release wrote: schemas of events and routes of services, and nothing else', () => {
  const published = committedPaths(publishedFolder);
  expect(published).toEqual(published.filter(isPromise));
  expect(published).toEqual(expect.arrayContaining(['openapi/admin.json', 'openapi/inbox.json', file]));
});

describe('a change that breaks a consumer fails against the published version', () => {
  test('also when it is regenerated: nothing that lies in `generated` is asked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-published-'));
    const earlier = { type: 'object', properties: { closedFrom: { type: 'string' } }, required: ['closedFrom'] };
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), asJson(earlier));
    // The committed document has no such field, and is what the code generates.
    expect(brokenPromises(allSchemas(), folder)).toEqual([`${file} /closedFrom: is gone`]);
    rmSync(folder, { recursive: true });
  });

  test('a field removed', () => {
    expect(withChanged('conversation.closed', ({ properties }) => delete properties['closeKind'])).toEqual([
      `${file} /closeKind: is gone`,
    ]);
  });

  test('an optional field made required', () => {
    expect(withChanged('conversation.closed', ({ required }) => required.push('traceparent'))).toEqual([
      `${file} /traceparent: was optional and is required`,
    ]);
  });

  test('a required field made optional', () => {
    const change = ({ required }: { required: string[] }) => required.splice(required.indexOf('statsAgent'), 1);
    expect(withChanged('conversation.closed', change)).toEqual([`${file} /statsAgent: was required and is optional`]);
  });

  test('a type changed', () => {
    const change = ({ properties }: { properties: Record<string, JsonSchema> }) => {
      properties['sequence'] = { type: 'string' };
    };
    expect(withChanged('conversation.closed', change)).toEqual([`${file} /sequence: type was integer and is string`]);
  });

  test('a nullable field that is null no more', () => {
    const change = ({ properties }: { properties: Record<string, JsonSchema> }) => {
      properties['statsAgent'] = { type: 'string' };
    };
    expect(withChanged('conversation.closed', change)).toEqual([
      `${file} /statsAgent: type was null or string and is string`,
    ]);
  });

  test('a field inside an object, and a value of an enum', () => {
    const change = ({ properties }: { properties: Record<string, JsonSchema> }) => {
      properties['messageCounts'] = { ...properties['messageCounts'], properties: { visitor: { type: 'integer' } } };
      properties['closeKind'] = { type: 'string', enum: ['agent', 'supervisor', 'natural', 'api', 'bulk', 'visitor'] };
    };
    expect(withChanged('conversation.closed', change)).toEqual([
      `${file} /closeKind: value "bot" is gone`,
      `${file} /messageCounts/agent: is gone`,
    ]);
  });

  test('a whole type that is no longer written', () => {
    const schemas = new Map(allSchemas());
    schemas.delete('conversation.rated');
    expect(brokenPromises(schemas)).toEqual(['schemas/conversation.rated/1-0.json is gone']);
  });
});

test('a new field and a new value of an enum are welcome', () => {
  const before = { type: 'object', properties: { kind: { type: 'string', enum: ['a'] } }, required: ['kind'] };
  const now = {
    type: 'object',
    properties: { kind: { type: 'string', enum: ['a', 'b'] }, more: { type: 'string' } },
    required: ['kind'],
  };
  expect(breaks(before, now)).toEqual([]);
});
