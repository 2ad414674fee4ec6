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

/** The values that `enum` and `const` allow; undefined: any. */
function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  return 'enum' in schema ? listAt(schema, 'enum') : undefined;
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
  return [
    ...brokenValues(before, now, at || '/'),
    ...brokenProperties(before, now, at),
    ...brokenAlternatives(before, now, at),
    ...(isObject(before['items']) ? breaks(before['items'], objectAt(now, 'items'), `${at}/*`) : []),
  ];
}

/** A nullable object, one of several shapes: each in its place, for new ones are added at the end. */
function brokenAlternatives(before: JsonSchema, now: JsonSchema, at: string): string[] {
  return ['anyOf', 'oneOf'].flatMap((keyword) => {
    const present = listAt(now, keyword).filter(isObject);
    return listAt(before, keyword)
      .filter(isObject)
      .flatMap((old, index) => {
        const same = present[index];
        return same ? breaks(old, same, at) : [`${at || '/'}: one of its shapes is gone`];
      });
  });
}
