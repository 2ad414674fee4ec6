import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { LIFECYCLE_EVENTS, LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { TOPICS } from '@parley/contracts/envelope';
import { committed, committedPaths, logDocuments } from '../generate/documents.ts';
import { publishedTopics } from '../generate/published.ts';

test('what is committed is what the code generates (else: npm run generate)', () => {
  const documents = logDocuments();
  const own = committedPaths().filter((path) => !path.startsWith('openapi/'));
  expect(own).toEqual([...documents.keys()].sort());
  for (const [path, text] of documents) expect({ path, text: committed(path) }).toEqual({ path, text });
});

test('every topic of the contract is in AsyncAPI, and no other', () => {
  const document = parse(committed('asyncapi.yaml') ?? '') as {
    asyncapi: string;
    channels: Record<string, { address: string }>;
  };
  expect(document.asyncapi).toBe('3.0.0');
  expect(
    Object.values(document.channels)
      .map(({ address }) => address)
      .sort(),
  ).toEqual(Object.values(TOPICS).sort());
});

test('every lifecycle event that can be decided is published', () => {
  const decided = LifecycleEvent.options.map((option) => option.shape.type.value).sort();
  expect(
    Object.keys(LIFECYCLE_EVENTS)
      .map((name) => `conversation.${name}`)
      .sort(),
  ).toEqual(decided);
  const lifecycle = publishedTopics.find(({ topic }) => topic === TOPICS.lifecycle);
  expect(lifecycle?.types.map(({ type }) => type).sort()).toEqual(decided);
});

test('a published schema is open everywhere: a consumer that validates survives a new field', () => {
  for (const [path, text] of logDocuments()) {
    if (path.startsWith('schemas/'))
      expect({ path, closed: text.includes('"additionalProperties": false') }).toEqual({ path, closed: false });
  }
});
