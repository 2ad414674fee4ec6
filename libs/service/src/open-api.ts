import { z } from 'zod';
import { Problem, PROBLEMS, type ProblemSlug } from '@parley/contracts/problem';
import type { RouteDefinition } from './route.js';
import type { RouteEntry } from './route-table.js';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 out of the very schemas that validate: JSON Schema draft 2020-12, nothing written twice. */
export function openApiOf(service: string, table: readonly RouteEntry[]): Json {
  const paths: Record<string, Json> = {};
  for (const { definition, path, handler, controller } of table) {
    const template = path.replace(/:([A-Za-z]+)/g, '{$1}');
    const operationId = `${controller.name.replace(/Controller$/, '')}.${handler.name}`;
    paths[template] = {
      ...paths[template],
      [definition.method.toLowerCase()]: operation(definition, operationId, service),
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: `Parley ${service}`, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    security: [{ accessToken: [] }],
    paths,
    components: {
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'RFC 9068' } },
      schemas: { Problem: schemaOf(Problem, 'output') },
    },
  };
}

function operation(definition: RouteDefinition, operationId: string, service: string): Json {
  const { summary, description, body } = definition;
  return {
    operationId,
    summary,
    tags: [service],
    ...(description !== undefined && { description }),
    parameters: parametersOf(definition),
    ...(body && { requestBody: { content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: { ...successOf(definition), ...refusalsOf(definition) },
  };
}

function successOf({ status = 200, answer, produces = ['application/json'] }: RouteDefinition): Json {
  const schema = answer && schemaOf(answer, 'output');
  const content = Object.fromEntries(
    produces.map((type) => [type, type === 'application/json' && schema ? { schema } : {}]),
  );
  return { [status]: { description: 'Done.', ...(status !== 204 && { content }) } };
}

/** Beside its own, what the service may answer to anybody. */
const ALWAYS = [
  'malformed',
  'unauthenticated',
  'forbidden-role',
  'not-acceptable',
  'rate-limited',
  'unavailable',
] as const;
const OF_COMMANDS = ['in-progress', 'idempotency-mismatch', 'outcome-unknown'] as const;
const OF_BODIES = ['too-large', 'media-type'] as const;

function refusalsOf(definition: RouteDefinition): Json {
  const slugs = new Set<ProblemSlug>([
    ...ALWAYS,
    'validation',
    ...(definition.errors ?? []),
    ...(definition.params ? (['not-found'] as const) : []),
    ...(definition.method === 'GET' ? [] : OF_BODIES),
    ...(definition.command ? OF_COMMANDS : []),
  ]);
  const byStatus = Map.groupBy(slugs, (slug) => PROBLEMS[slug].status);
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, kinds]) => [
      status,
      { description: kinds.map((kind) => `\`${kind}\``).join(', '), content },
    ]),
  );
}

function parametersOf(definition: RouteDefinition): Json[] {
  return [
    ...parameters(definition.params, 'path'),
    ...parameters(definition.query, 'query'),
    ...(definition.command ? COMMAND_PARAMETERS : []),
    ...(definition.command === true ? [DRY_RUN] : []),
  ];
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const { properties, required } = Shape.parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}
const Shape = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

const COMMAND_PARAMETERS: Json[] = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same again gives the same answer for 24 h; without it one is made and returned.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7E]{1,255}$' },
  },
  {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: '`"<sequence>"`, else 412; `*` guards nothing.',
    schema: { type: 'string', pattern: '^("\\d{1,15}"|\\*)$' },
  },
];
const DRY_RUN: Json = {
  name: 'dryRun',
  in: 'query',
  required: false,
  description: 'Answers what would happen and changes nothing.',
  schema: { type: 'string', enum: ['true', 'false'] },
};

/** What JSON Schema cannot say (a transform's result, a custom check) is left open rather than wrong. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  });
  return rest;
};
