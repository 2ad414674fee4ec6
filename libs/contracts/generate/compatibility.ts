import type { JsonSchema } from './json-schema.ts';

export const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectAt = (schema: JsonSchema, keyword: string): JsonSchema => {
  const value = schema[keyword];
  return isObject(value) ? value : {};
};
const listAt = (schema: JsonSchema, keyword: string): readonly unknown[] => {
  const value = schema[keyword];
  return Array.isArray(value) ? value : [];
};

/** The JSON types a schema admits, with those of its alternatives, sorted; no type is any. */
function typesOf(schema: JsonSchema): string[] {
  const alternatives = [...listAt(schema, 'anyOf'), ...listAt(schema, 'oneOf')].filter(isObject);
  const own = typeof schema['type'] === 'string' ? [schema['type']] : listAt(schema, 'type').map(String);
  return [...new Set([...own, ...alternatives.flatMap(typesOf)])].sort();
}

/** The alternative that describes an object or a list, looked for through `anyOf`: a nullable object is one. */
function described(schema: JsonSchema, keyword: 'properties' | 'items'): JsonSchema | undefined {
  if (isObject(schema[keyword])) return schema;
  return [...listAt(schema, 'anyOf'), ...listAt(schema, 'oneOf')]
    .filter(isObject)
    .find((part) => isObject(part[keyword]));
}

/** The values that `enum` and `const` allow; undefined: any. */
function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  const part = [schema, ...listAt(schema, 'anyOf').filter(isObject)].find((each) => 'enum' in each || 'const' in each);
  if (part === undefined) return undefined;
  return 'const' in part ? [part['const']] : listAt(part, 'enum');
}

function brokenValues(before: JsonSchema, now: JsonSchema, at: string): string[] {
  const [old, present] = [valuesOf(before), valuesOf(now)];
  if (old === undefined || present === undefined) return [];
  return old
    .filter((value) => !present.includes(value))
    .map((value) => `${at}: value ${JSON.stringify(value)} is gone`);
}

function brokenProperties(before: JsonSchema, now: JsonSchema, at: string): string[] {
  const [old, present] = [objectAt(before, 'properties'), objectAt(now, 'properties')];
  const [oldRequired, required] = [listAt(before, 'required'), listAt(now, 'required')];
  return Object.keys(old).flatMap((name) => {
    const path = `${at}/${name}`;
    if (!(name in present)) return [`${path}: is gone`];
    const demand =
      required.includes(name) === oldRequired.includes(name) ? [] : [`${path}: ${demandFault(required, name)}`];
    return [...demand, ...breaks(objectAt(old, name), objectAt(present, name), path)];
  });
}

const demandFault = (required: readonly unknown[], name: string): string =>
  required.includes(name) ? 'was optional and is required' : 'was required and is optional';

/**
 * What a consumer of the published schema would trip over in the present one, as sentences; none: compatible.
 * Fields may be added and enums may grow; a field that is there stays, with its type, and as optional as it was.
 */
export function breaks(before: JsonSchema, now: JsonSchema, at = ''): string[] {
  const [oldTypes, types] = [typesOf(before), typesOf(now)];
  if (oldTypes.join() !== types.join()) {
    return [`${at || '/'}: type was ${oldTypes.join(' or ') || 'any'} and is ${types.join(' or ') || 'any'}`];
  }
  const [oldObject, object] = [described(before, 'properties'), described(now, 'properties')];
  const [oldList, list] = [described(before, 'items'), described(now, 'items')];
  return [
    ...brokenValues(before, now, at || '/'),
    ...(oldObject && object ? brokenProperties(oldObject, object, at) : []),
    ...(oldList && list ? breaks(objectAt(oldList, 'items'), objectAt(list, 'items'), `${at}/*`) : []),
  ];
}
