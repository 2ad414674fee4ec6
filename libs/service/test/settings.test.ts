import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readSettings } from '../src/settings.js';

const development = {
  NODE_ENV: 'development',
  PORT: '4001',
  TEMPORAL_ADDRESS: 'localhost:7233',
  KAFKA_BROKERS: 'localhost:9092, localhost:9093',
  DATABASE_URL: 'postgres://parley:secret@localhost:5432/parley',
  OIDC_ISSUER: 'http://localhost:4005',
  PARLEY_SECRET: 'correct horse battery staple and more',
  PARLEY_SEED: 'demo',
};
const folder = mkdtempSync(join(tmpdir(), 'parley-settings-'));
const fileWith = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://parley.example',
  TEMPORAL_ADDRESS: 'temporal:7233',
  KAFKA_BROKERS: 'kafka:9092',
  DATABASE_URL_FILE: fileWith('database', 'postgres://parley:secret@db/parley\n'),
  OIDC_ISSUER: 'https://id.example',
  PARLEY_SECRET_FILE: fileWith('secret', 'correct horse battery staple and more\n'),
};
const faultsOf = (environment: Record<string, string | undefined>): string[] => {
  const reading = readSettings(environment);
  return reading.ok ? [] : reading.faults;
};

test('a development environment is read, with its defaults', () => {
  expect(readSettings(development)).toMatchObject({
    ok: true,
    settings: {
      PORT: 4001,
      KAFKA_BROKERS: ['localhost:9092', 'localhost:9093'],
      OIDC_AUDIENCE: 'parley',
      PARLEY_LINGER_MS: 60_000,
      PARLEY_HANDED_MS: 10_000,
      PARLEY_RATE_LIMIT: 200,
      LOG_LEVEL: 'info',
    },
  });
});
test('secrets come from files, and nothing is wrong with that in production', () => {
  const reading = readSettings(production);
  expect(reading).toMatchObject({
    ok: true,
    settings: {
      PARLEY_SECRET: 'correct horse battery staple and more',
      DATABASE_URL: 'postgres://parley:secret@db/parley',
    },
  });
});
test('every fault is told at once, by name and never by value', () => {
  const faults = faultsOf({
    PORT: '80a',
    TEMPORAL_ADDRESS: 'nowhere',
    KAFKA_BROKERS: '',
    DATABASE_URL: 'mysql://s3cret@x',
    PARLEY_SECRET: 'short',
  });
  expect(faults.map((fault) => fault.split(':')[0])).toEqual([
    'PORT',
    'TEMPORAL_ADDRESS',
    'KAFKA_BROKERS',
    'DATABASE_URL',
    'OIDC_ISSUER',
    'PARLEY_SECRET',
  ]);
  expect(faults.join()).not.toMatch(/80a|nowhere|s3cret|short/);
});
test.each([
  [{ PARLEY_SEED: 'demo' }, 'PARLEY_SEED: demo accounts are for development'],
  [{ OIDC_ISSUER: 'http://id.example' }, 'OIDC_ISSUER: must be https outside development'],
  [{ PUBLIC_URL: 'http://parley.example' }, 'PUBLIC_URL: must be https outside development'],
  [
    { PARLEY_SECRET: 'correct horse battery staple and more', PARLEY_SECRET_FILE: undefined },
    'PARLEY_SECRET: give it as PARLEY_SECRET_FILE outside development',
  ],
  [
    { DATABASE_URL: 'postgres://parley:secret@db/parley', DATABASE_URL_FILE: undefined },
    'DATABASE_URL: holds a password; give it as DATABASE_URL_FILE outside development',
  ],
  [{ PARLEY_SECRET_FILE: fileWith('weak', 'a'.repeat(40)) }, 'PARLEY_SECRET: too few different characters'],
  [{ PARLEY_SECRET_FILE: '/nowhere' }, 'PARLEY_SECRET_FILE: cannot be read'],
  [
    { PARLEY_LINGER_MS: '7000', PARLEY_HANDED_MS: '3000' },
    'PARLEY_HANDED_MS: must be at least 5000 below PARLEY_LINGER_MS',
  ],
])('%j does not start', (more, fault) => {
  expect(faultsOf({ ...production, ...more })).toContain(fault);
});
test('a value and a file of the same name contradict', () => {
  expect(faultsOf({ ...development, PARLEY_SECRET_FILE: production.PARLEY_SECRET_FILE })).toEqual([
    'PARLEY_SECRET: given twice, also as PARLEY_SECRET_FILE',
  ]);
});
