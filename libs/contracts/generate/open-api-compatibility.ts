import { breaks, isObject, listAt, objectAt } from './compatibility.ts';
import type { JsonSchema } from './json-schema.ts';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/** What a client of the published OpenAPI document would trip over in the present one, as sentences; none: compatible. */
export function brokenRoutes(before: JsonSchema, now: JsonSchema): string[] {
  const [old, present] = [objectAt(before, 'paths'), objectAt(now, 'paths')];
  return Object.keys(old).flatMap((path) =>
    METHODS.filter((method) => method in objectAt(old, path)).flatMap((method) => {
      const was = objectAt(objectAt(old, path), method);
      const is = objectAt(present, path)[method];
      const faults = isObject(is) ? brokenOperation(was, is, { before, now }) : ['is gone'];
      return faults.map((fault) => `${method.toUpperCase()} ${path} ${fault}`);
    }),
  );
}

interface Documents {
  before: JsonSchema;
  now: JsonSchema;
}

const brokenOperation = (was: JsonSchema, is: JsonSchema, documents: Documents): string[] => [
  ...brokenParameters(was, is),
  ...breaks(bodyOf(was), bodyOf(is), 'body', 'request'),
  ...brokenAnswers(objectAt(was, 'responses'), objectAt(is, 'responses'), documents),
];

const JSON_TYPE = 'application/json';
const contentOf = (holder: JsonSchema, type: string): JsonSchema =>
  objectAt(objectAt(objectAt(holder, 'content'), type), 'schema');
const NO_BODY: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };
const bodyOf = (operation: JsonSchema): JsonSchema =>
  'requestBody' in operation ? contentOf(objectAt(operation, 'requestBody'), JSON_TYPE) : NO_BODY;

/** As one object: a query is read as strictly as a body, so that one that is gone is refused. */
function parametersOf(operation: JsonSchema): JsonSchema {
  const all = listAt(operation, 'parameters').filter(isObject);
  const named = (parameter: JsonSchema): string => `${String(parameter['in'])} ${String(parameter['name'])}`;
  return {
    type: 'object',
    properties: Object.fromEntries(all.map((parameter) => [named(parameter), objectAt(parameter, 'schema')])),
    required: all.filter((parameter) => parameter['required'] === true).map(named),
  };
}
const brokenParameters = (was: JsonSchema, is: JsonSchema): string[] =>
  breaks(parametersOf(was), parametersOf(is), 'parameters', 'request');

/** What succeeds stays what it was, in every media type; refusals may come and go, but keep their shape. */
function brokenAnswers(was: JsonSchema, is: JsonSchema, { before, now }: Documents): string[] {
  return Object.keys(was).flatMap((status) => {
    if (!(status in is)) return status.startsWith('2') ? [`${status}: is gone`] : [];
    const [old, present] = [objectAt(was, status), objectAt(is, status)];
    return Object.keys(objectAt(old, 'content')).flatMap((type) => {
      if (!(type in objectAt(present, 'content'))) return [`${status} ${type}: is gone`];
      const [oldSchema, schema] = [resolved(contentOf(old, type), before), resolved(contentOf(present, type), now)];
      return breaks(oldSchema, schema, status, 'answer');
    });
  });
}

const COMPONENT = '#/components/schemas/';
const resolved = (schema: JsonSchema, document: JsonSchema): JsonSchema => {
  const { $ref: ref } = schema;
  return typeof ref === 'string' && ref.startsWith(COMPONENT)
    ? objectAt(objectAt(objectAt(document, 'components'), 'schemas'), ref.slice(COMPONENT.length))
    : schema;
};
