import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { InternalConnectionOptionsSymbol } from '@temporalio/client/lib/connection.js';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { obtain } from '../../deploy/local/parts.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { lastLines, onPath, run } from '../../deploy/local/run.ts';
import { accepts, eventually } from '../../deploy/local/waiting.ts';

const version = '1.35.0';
const parts = join(import.meta.dirname, '..', '..', '.local', 'parts');

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>time-skipping</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;

/** Temporal's own test server, by Maven: in it seven days pass in less than a second. */
async function jars(): Promise<string> {
  return obtain(parts, `temporal-test-server-${version}`, async (folder) => {
    writeFileSync(join(folder, 'pom.xml'), pom);
    const place = join(folder, 'jars');
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${place}`];
    const { code, output } = await run(demand('mvn'), args, { cwd: folder });
    if (code !== 0) throw new Error(`Maven could not fetch temporal-test-server: ${lastLines(output, 3)}`);
    return place;
  });
}

function demand(program: string): string {
  const found = onPath(program);
  if (found === undefined) throw new Error(`${program} is not on the PATH: the time-skipping tests need it`);
  return found;
}

const STARTS_WITHIN_MS = 60_000;

export interface TimeSkipping {
  address: string;
  connection: Connection;
  /** What the server takes for now; it runs on with ours, and jumps only while it passes. */
  nowMs(): Promise<number>;
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** As TestWorkflowEnvironment.createTimeSkipping, which gives a Java machine five seconds to start; a busy one needs more. */
export async function startTimeSkipping(): Promise<TimeSkipping> {
  const java = demand('java');
  const address = `127.0.0.1:${await freePort()}`;
  const port = address.slice(address.indexOf(':') + 1);
  const quick = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const server = ['-cp', `${await jars()}/*`, 'io.temporal.testserver.TestServer', port];
  const child = spawn(java, [...quick, ...server], { stdio: 'ignore' });
  if (!(await eventually(() => accepts(address), STARTS_WITHIN_MS))) throw new Error('the test server does not start');
  const internal = { [InternalConnectionOptionsSymbol]: { supportsTestService: true } };
  const connection = await Connection.connect({ address, ...internal });
  const { testService } = connection;
  if (!testService) throw new Error('the SDK has no client of the test service');
  return {
    address,
    connection,
    nowMs: async () => tsToMs((await testService.getCurrentTime({})).time),
    pass: async (ms) => void (await testService.unlockTimeSkippingWithSleep({ duration: msToTs(ms) })),
    stop: async () => {
      await connection.close();
      child.kill('SIGKILL');
    },
  };
}
