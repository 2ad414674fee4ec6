import type { JsonSchema } from './json-schema.ts';
import { schemaOf } from './json-schema.ts';
import { publishedTopics, type PublishedTopic, type PublishedType } from './published.ts';

const idOf = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase());

/** Binary mode: attributes as `ce_` headers, all of them strings. */
const headers = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'content-type'],
  properties: Object.fromEntries(
    [
      'ce_specversion',
      'ce_id',
      'ce_type',
      'ce_source',
      'ce_subject',
      'ce_time',
      'ce_sequence',
      'ce_dataschema',
      'ce_partitionkey',
      'ce_tenantid',
      'ce_recordedtime',
      'content-type',
    ].map((name) => [name, { type: 'string' }]),
  ),
};

const message = (topic: PublishedTopic, published: PublishedType) => {
  const { $schema: _draft, $id: _id, ...schema } = schemaOf(published);
  return {
    name: published.type,
    title: published.type,
    summary: published.summary,
    contentType: 'application/json',
    headers: { $ref: '#/components/schemas/cloudEventsHeaders' },
    payload: schema,
    bindings: { kafka: { key: { type: 'string', description: topic.key }, bindingVersion: '0.5.0' } },
  };
};

const channel = (topic: PublishedTopic) => ({
  address: topic.topic,
  description: topic.description,
  messages: Object.fromEntries(
    topic.types.map(({ type }) => [idOf(type), { $ref: `#/components/messages/${idOf(type)}` }]),
  ),
  bindings: {
    kafka: {
      topic: topic.topic,
      ...(topic.partitions === undefined ? {} : { partitions: topic.partitions }),
      topicConfiguration: { 'cleanup.policy': [topic.cleanup] },
      bindingVersion: '0.5.0',
    },
  },
});

const operation = (topic: PublishedTopic) => ({
  action: 'send',
  channel: { $ref: `#/channels/${idOf(topic.topic)}` },
  summary: `Parley writes \`${topic.topic}\`; the key is the ${topic.key}.`,
});

/** AsyncAPI 3 over the same schemas as the code's types. */
export function asyncApi(): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley event log',
      version: '1.0.0',
      description:
        'CloudEvents 1.0 in Kafka, binary mode; the flat value repeats the attributes. Delivered effectively once: ignore what you have seen. Fields are only ever added.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(publishedTopics.map((topic) => [idOf(topic.topic), channel(topic)])),
    operations: Object.fromEntries(
      publishedTopics.map((topic) => [`write${upper(idOf(topic.topic))}`, operation(topic)]),
    ),
    components: {
      schemas: { cloudEventsHeaders: headers },
      messages: Object.fromEntries(
        publishedTopics.flatMap((topic) => topic.types.map((type) => [idOf(type.type), message(topic, type)])),
      ),
    },
  };
}

const upper = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);
