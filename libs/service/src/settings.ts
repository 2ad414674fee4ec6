import { readFileSync } from 'node:fs';
import { SettingsShape, type Settings } from '@parley/contracts/settings';

type Environment = Record<string, string | undefined>;
export type SettingsReading = { ok: true; settings: Settings } | { ok: false; faults: string[] };

const SECRETS = ['PARLEY_SECRET', 'PARLEY_SECRET_PREVIOUS'] as const;
const URLS = ['DATABASE_URL', 'SMTP_URL'] as const;
/** A run must outlive any message that was handed over to start it (architecture.md, decision 5). */
const LINGER_ABOVE_HANDED_MS = 5000;

/** Reads all of the environment and lists every fault at once; a fault names the variable, never its value. */
export function readSettings(environment: Environment): SettingsReading {
  const { values, faults } = withFiles(environment);
  const parsed = SettingsShape.safeParse(values);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${String(issue.path[0] ?? '')}: ${issue.message}`);
    return { ok: false, faults: [...faults, ...wrong] };
  }
  faults.push(...contradictions(parsed.data));
  if (parsed.data.NODE_ENV !== 'development') faults.push(...unsafe(parsed.data, environment));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, settings: parsed.data };
}

function withFiles(environment: Environment): { values: Environment; faults: string[] } {
  const values: Environment = {};
  const faults: string[] = [];
  for (const name of Object.keys(SettingsShape.shape)) {
    const given = environment[name];
    const file = environment[`${name}_FILE`];
    if (given !== undefined && given !== '') values[name] = given;
    if (file === undefined || file === '') continue;
    if (values[name] !== undefined) faults.push(`${name}: given twice, also as ${name}_FILE`);
    try {
      values[name] = readFileSync(file, 'utf8').trimEnd();
    } catch {
      faults.push(`${name}_FILE: cannot be read`);
    }
  }
  return { values, faults };
}

function contradictions(settings: Settings): string[] {
  const room = settings.PARLEY_LINGER_MS - settings.PARLEY_HANDED_MS;
  return room < LINGER_ABOVE_HANDED_MS
    ? [`PARLEY_HANDED_MS: must be at least ${LINGER_ABOVE_HANDED_MS} below PARLEY_LINGER_MS`]
    : [];
}

/** What a laptop may do and a deployment may not. */
function unsafe(settings: Settings, environment: Environment): string[] {
  const faults: string[] = [];
  if (settings.PARLEY_SEED !== undefined) faults.push('PARLEY_SEED: demo accounts are for development');
  if (!settings.OIDC_ISSUER.startsWith('https:')) faults.push('OIDC_ISSUER: must be https outside development');
  if (!settings.PUBLIC_URL.startsWith('https:')) faults.push('PUBLIC_URL: must be https outside development');
  for (const name of SECRETS) {
    if (environment[name]) faults.push(`${name}: give it as ${name}_FILE outside development`);
  }
  for (const name of URLS) {
    const url = environment[name];
    if (url && new URL(url).password !== '')
      faults.push(`${name}: holds a password; give it as ${name}_FILE outside development`);
  }
  if (new Set(settings.PARLEY_SECRET).size < 8) faults.push('PARLEY_SECRET: too few different characters');
  return faults;
}
