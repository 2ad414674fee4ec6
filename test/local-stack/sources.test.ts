import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { kafkaBroker, kafkaJars } from '../../deploy/local/kafka.ts';
import { Pids } from '../../deploy/local/pids.ts';
import { profileOf } from '../../deploy/local/profile.ts';
import { Stack } from '../../deploy/local/stack.ts';
import { temporalBinary } from '../../deploy/local/temporal.ts';

// Where the parts come from, with a PATH on which only what a test puts there is found.

const path = process.env['PATH'] ?? '';
let folder = '';
let parts = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  parts = join(folder, 'parts');
  mkdirSync(join(folder, 'bin'));
  process.env['PATH'] = join(folder, 'bin');
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

function onPath(name: string, script: string): string {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
function cached(name: string): string {
  mkdirSync(parts, { recursive: true });
  writeFileSync(join(parts, name), 'from an earlier start');
  return join(parts, name);
}
const local = (env: NodeJS.ProcessEnv = {}) =>
  profileOf('test', { PARLEY_LOCAL: folder, PARLEY_PORT_BASE: '30000', ...env });

describe('Temporal comes from the first place that has it', () => {
  const neverAsked = () => Promise.reject(new Error('nothing was to be downloaded'));
  const refused = () => Promise.resolve(undefined);
  const goThatBuilds = () =>
    onPath('go', `echo "$GOBIN $*" > ${join(folder, 'asked')}; echo built > "$GOBIN/temporal"`);

  test('the PATH, before a cached one', async () => {
    cached('temporal');
    const found = onPath('temporal', 'exit 0');
    expect(await temporalBinary(parts, neverAsked)).toBe(found);
  });

  test('an earlier start, before any download', async () => {
    const file = cached('temporal');
    expect(await temporalBinary(parts, neverAsked)).toBe(file);
  });

  test('the download, before a build', async () => {
    goThatBuilds();
    const downloaded = async (inside: string) => {
      writeFileSync(join(inside, 'temporal-cli'), 'downloaded');
      return join(inside, 'temporal-cli');
    };
    expect(await temporalBinary(parts, downloaded)).toBe(join(parts, 'temporal'));
    expect(existsSync(join(folder, 'asked'))).toBe(false);
    expect(readdirSync(parts)).toEqual(['temporal']);
  });

  test('a build with Go, where the download is refused; what takes minutes is said before it begins', async () => {
    goThatBuilds();
    const said: [string, boolean][] = [];
    const note = (line: string): void => void said.push([line, existsSync(join(folder, 'asked'))]);
    expect(await temporalBinary(parts, refused, note)).toBe(join(parts, 'temporal'));
    expect(existsSync(join(folder, 'asked'))).toBe(true);
    expect(said).toEqual([
      ['Temporal: downloading its command-line program, once …', false],
      ['Temporal: its download is not reachable; building it with Go instead, which takes some minutes, once …', false],
    ]);
  });

  test('nowhere: one line with three ways out', async () => {
    await expect(temporalBinary(parts, refused)).rejects.toThrow(
      'No Temporal: it is not on the PATH, its download is not reachable, and there is no Go to build it. Put the Temporal CLI (`temporal`) on the PATH, or give a server with TEMPORAL_ADDRESS=host:7233, or install Go 1.24 or newer and have its module proxy reachable.',
    );
    expect(readdirSync(parts)).toEqual([]);
  });

  test('nor by a Go that cannot: its last line is said', async () => {
    onPath('go', 'echo first; echo "module proxy refused" >&2; exit 1');
    await expect(temporalBinary(parts, refused)).rejects.toThrow(
      /^No Temporal: it could neither be downloaded nor built \(module proxy refused\)\. Put the Temporal CLI/,
    );
    expect(readdirSync(parts)).toEqual([]);
  });
});

describe('Kafka needs Java, and Maven until its jars are there', () => {
  const waysOut =
    'Install a JDK 17 or newer and Maven, or give brokers with KAFKA_BROKERS=host:9092, or copy .local/parts from a machine that has it.';

  test('no Java', async () => {
    await expect(kafkaBroker(local())).rejects.toThrow(`No Kafka: Java is not on the PATH. ${waysOut}`);
  });

  test('no Maven', async () => {
    onPath('java', 'exit 0');
    await expect(kafkaBroker(local())).rejects.toThrow(`No Kafka: Maven (mvn) is not on the PATH. ${waysOut}`);
  });

  test('a Maven that cannot reach its repository: its error is said, and no half of the jars stays', async () => {
    onPath('mvn', 'echo "[INFO] Scanning"; echo "[ERROR] repo.maven.apache.org: Name does not resolve"; exit 1');
    await expect(kafkaJars(parts)).rejects.toThrow(
      `No Kafka: Maven could not fetch it ([ERROR] repo.maven.apache.org: Name does not resolve). Is the network there? ${waysOut}`,
    );
    expect(readdirSync(parts)).toEqual([]);
  });

  test('with its jars there Maven is not asked', async () => {
    const jars = cached('kafka-4.3.0');
    expect(await kafkaJars(parts)).toBe(jars);
  });
});

describe('a part that was given and does not answer is said in one line', () => {
  const nobody = '127.0.0.1:1';
  const stackWith = (env: NodeJS.ProcessEnv) => {
    const profile = local(env);
    return new Stack(profile, 'secret', new Pids(profile.folder), () => undefined);
  };

  test('TEMPORAL_ADDRESS', async () => {
    await expect(stackWith({ TEMPORAL_ADDRESS: nobody }).temporal()).rejects.toThrow(
      /^TEMPORAL_ADDRESS=127\.0\.0\.1:1 does not answer as a Temporal server \([^\n]+\)\. Correct it, or leave it out and Parley starts its own\.$/,
    );
  });

  test('KAFKA_BROKERS', async () => {
    await expect(stackWith({ KAFKA_BROKERS: nobody }).kafka()).rejects.toThrow(
      `KAFKA_BROKERS=${nobody} does not answer. Correct it, or leave it out and Parley starts its own.`,
    );
  });

  test('DATABASE_URL', async () => {
    await expect(stackWith({ DATABASE_URL: `postgres://parley@${nobody}/parley` }).postgres()).rejects.toThrow(
      /^DATABASE_URL does not lead to a PostgreSQL that lets us in \([^\n]+\)\. Correct it, or leave it out and Parley starts its own\.$/,
    );
  });
});
