import { describe, expect, test } from '@jest/globals';
import { breaks } from '../generate/compatibility.ts';
import { brokenPromises } from '../generate/documents.ts';
import { allSchemas, type JsonSchema } from '../generate/json-schema.ts';

/** The present schemas with one type deliberately changed. */
function withChanged(
  type: string,
  change: (schema: { properties: Record<string, JsonSchema>; required: string[] }) => void,
) {
  const schemas = structuredClone(new Map(allSchemas()));
  change(schemas.get(type) as unknown as Parameters<typeof change>[0]);
  return brokenPromises(schemas);
}

test('the present schemas keep every promise of the committed ones', () => {
  expect(brokenPromises()).toEqual([]);
});

describe('a change that breaks a consumer fails against the committed version', () => {
  const file = 'schemas/conversation.closed/1-0.json';

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
