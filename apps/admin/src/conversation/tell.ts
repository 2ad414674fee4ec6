import type { Language } from '@parley/service/language';
import { EN, ES, FR, type Words } from './words.js';

const WORDS: Record<Language, Words> = { en: EN, fr: FR, es: ES };
export const wordsOf = (language: Language): Words => WORDS[language];

/** Fields that hold a name or an id: shown as it stands, never translated. */
const NAMES = new Set(['channelAccount', 'campaign', 'group', 'assignedTo', 'assignedFrom', 'returnedBy', 'agentId']);
const PEOPLE = new Set([
  'assignedFrom',
  'assignedTo',
  'statsAgent',
  'transactionAgent',
  'agentId',
  'returnedBy',
  'expert',
]);

/** A sentence with its gaps filled from the fields, in the words of its language. */
export const filled = (sentence: string, fields: Readonly<Record<string, unknown>>, words: Words): string =>
  sentence.replace(/\{(\w+)\}/g, (_, name: string) => inWords(name, fields[name], words));

function inWords(name: string, value: unknown, words: Words): string {
  if (value === null || value === undefined) return PEOPLE.has(name) ? words.nobody : words.nothing;
  if (Array.isArray(value)) return value.length === 0 ? words.nothing : value.map(String).join(', ');
  if (typeof value === 'object') return objectInWords(value, words);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return NAMES.has(name) || PEOPLE.has(name) ? text : (words.values[text] ?? text);
}

/** An actor, or a policy. */
function objectInWords(value: object, words: Words): string {
  if ('kind' in value && value.kind === 'system') return words.system;
  if ('kind' in value && value.kind === 'visitor') return words.visitor;
  if ('id' in value) return String(value.id);
  return 'name' in value && 'version' in value ? `${String(value.name)} v${String(value.version)}` : '';
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A policy's span of time, in the largest unit that needs no fraction: 7 days, 90 minutes. */
export function durationOf(ms: number, language: Language): string {
  const [unit, length] = UNITS.find(([, each]) => ms % each === 0) ?? (['second', 1_000] as const);
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(ms / length);
}
