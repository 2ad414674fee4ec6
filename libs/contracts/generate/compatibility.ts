import type { JsonSchema } from './json-schema.ts';

/**
 * Who would trip over a change. `log`: whoever reads what we publish, for good, so whatever stands there stays as it is;
 * `answer`: a client that reads; `request`: a client that goes on sending what it sent.
 */
export type Direction = 'log' | 'answer' | 'request';

export const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const objectAt = (schema: JsonSchema, keyword: string): JsonSchema => {
  const value = schema[keyword];
  return isObject(value) ? value : {};
};
export const listAt = (schema: JsonSchema, keyword: string): readonly unknown[] => {
  const value = schema[keyword];
  return Array.isArray(value) ? value : [];
};

/** What a schema leaves to choose from: a nullable object, one of several shapes. None: it is one shape itself. */
const alternativesOf = (schema: JsonSchema): JsonSchema[] =>
  [...listAt(schema, 'anyOf'), ...listAt(schema, 'oneOf')].filter(isObject);

/** The JSON types a schema admits, with those of its alternatives, sorted; no type is any. */
function typesOf(schema: JsonSchema): string[] {
  const own = typeof schema['type'] === 'string' ? [schema['type']] : listAt(schema, 'type').map(String);
  return [...new Set([...own, ...alternativesOf(schema).flatMap(typesOf)])].sort();
}

function brokenTypes(before: JsonSchema, now: JsonSchema, at: string, direction: Direction): string[] {
  const [old, present] = [typesOf(before), typesOf(now)];
  const kept: Record<Direction, boolean> = {
    log: old.join() === present.join(),
    answer: old.length === 0 || (present.length > 0 && present.every((type) => isAmong(type, old))),
    request: present.length === 0 || (old.length > 0 && old.every((type) => isAmong(type, present))),
  };
  return kept[direction]
    ? []
    : [`${at}: type was ${old.join(' or ') || 'any'} and is ${present.join(' or ') || 'any'}`];
}

/** An integer is a number. */
const isAmong = (type: string, types: readonly string[]): boolean =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

/** The values that `enum` and `const` allow; undefined: any. */
function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  return 'enum' in schema ? listAt(schema, 'enum') : undefined;
}

function brokenValues(before: JsonSchema, now: JsonSchema, at: string, direction: Direction): string[] {
  const [old, present] = [valuesOf(before), valuesOf(now)];
  if (direction === 'answer' || present === undefined) return [];
  if (old === undefined) return direction === 'request' ? [`${at}: took any value and takes only some`] : [];
  return old
    .filter((value) => !present.includes(value))
    .map((value) => `${at}: value ${JSON.stringify(value)} is gone`);
}

const AT_MOST = ['maxLength', 'maximum', 'maxItems'];
const AT_LEAST = ['minLength', 'minimum', 'minItems'];

function brokenLimits(before: JsonSchema, now: JsonSchema, at: string): string[] {
  const limit = (schema: JsonSchema, keyword: string, none: number): number =>
    typeof schema[keyword] === 'number' ? schema[keyword] : none;
  const tighter = [
    ...AT_MOST.filter((keyword) => limit(now, keyword, Infinity) < limit(before, keyword, Infinity)),
    ...AT_LEAST.filter((keyword) => limit(now, keyword, -Infinity) > limit(before, keyword, -Infinity)),
    ...['pattern'].filter((keyword) => keyword in now && !(keyword in before)),
  ];
  const closed = now['additionalProperties'] === false && before['additionalProperties'] !== false;
  return [
    ...tighter.map((keyword) => `${at}: ${keyword} is tighter`),
    ...(closed ? [`${at}: took fields that it does not name`] : []),
  ];
}

function brokenProperties(before: JsonSchema, now: JsonSchema, at: string, direction: Direction): string[] {
  const [old, present] = [objectAt(before, 'properties'), objectAt(now, 'properties')];
  const [oldRequired, required] = [listAt(before, 'required'), listAt(now, 'required')];
  const kept = Object.keys(old).flatMap((name) => {
    const path = `${at}/${name}`;
    if (!(name in present)) return [`${path}: is gone`];
    return [
      ...brokenDemand(oldRequired.includes(name), required.includes(name), path, direction),
      ...breaks(objectAt(old, name), objectAt(present, name), path, direction),
    ];
  });
  const demanded = direction === 'request' ? required.filter((name) => !(String(name) in old)) : [];
  return [...kept, ...demanded.map((name) => `${at}/${String(name)}: is new and required`)];
}

function brokenDemand(wasRequired: boolean, isRequired: boolean, at: string, direction: Direction): string[] {
  if (wasRequired && !isRequired && direction !== 'request') return [`${at}: was required and is optional`];
  return !wasRequired && isRequired && direction !== 'answer' ? [`${at}: was optional and is required`] : [];
}

/** Each shape in its place, for new ones are added at the end; or in another that takes it. */
function brokenAlternatives(before: JsonSchema, now: JsonSchema, at: string, direction: Direction): string[] {
  const [old, present] = [before, now].map((schema) => {
    const found = alternativesOf(schema);
    return found.length > 0 ? found : [schema];
  });
  return (old ?? []).flatMap((shape, index) => {
    const inPlace = present?.[index];
    const isKept = present?.some((other) => breaks(shape, other, at, direction).length === 0);
    if (isKept || (direction === 'answer' && shape['type'] === 'null')) return [];
    return inPlace ? breaks(shape, inPlace, at, direction) : [`${at || '/'}: one of its shapes is gone`];
  });
}

const within = (before: JsonSchema, now: JsonSchema, at: string, direction: Direction): string[] =>
  ['items', 'additionalProperties'].flatMap((keyword) => {
    const old = before[keyword];
    return isObject(old) ? breaks(old, objectAt(now, keyword), `${at}/*`, direction) : [];
  });

/**
 * What somebody who relies on the published schema would trip over in the present one, as sentences; none: compatible.
 * Fields may be added and enums may grow.
 */
export function breaks(before: JsonSchema, now: JsonSchema, at = '', direction: Direction = 'log'): string[] {
  const types = brokenTypes(before, now, at || '/', direction);
  if (types.length > 0) return types;
  if (alternativesOf(before).length + alternativesOf(now).length > 0)
    return brokenAlternatives(before, now, at, direction);
  return [
    ...brokenValues(before, now, at || '/', direction),
    ...(direction === 'request' ? brokenLimits(before, now, at || '/') : []),
    ...brokenProperties(before, now, at, direction),
    ...within(before, now, at, direction),
  ];
}
