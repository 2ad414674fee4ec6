import { z } from 'zod';
import { publishedTopics, type PublishedType } from './published.ts';

/** A JSON Schema (draft 2020-12) or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export const SCHEMA_VERSION = '1-0';
export const schemaPath = (type: string): string => `/schemas/${type}/${SCHEMA_VERSION}.json`;

/**
 * What a consumer may rely on. Objects stay open, those inside too, though we write them closed: fields are only ever
 * added, and a reader that validates must not break on one.
 */
export function schemaOf({ type, summary, schema }: PublishedType): JsonSchema {
  const generated = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const { $schema, ...rest } = generated;
  return { $schema, $id: schemaPath(type), title: type, description: summary, ...rest };
}

export function allSchemas(): ReadonlyMap<string, JsonSchema> {
  const types = publishedTopics.flatMap(({ types }) => types);
  return new Map(types.map((published) => [published.type, schemaOf(published)]));
}
