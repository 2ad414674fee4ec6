import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { obtain } from '../../deploy/local/parts.ts';
import { lastLines, onPath, run } from '../../deploy/local/run.ts';

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
    // The SDK starts one executable; its arguments are the test server's own.
    const script = join(place, 'start');
    writeFileSync(script, STARTER);
    chmodSync(script, 0o755);
    return place;
  });
}

const STARTER = `#!/bin/sh
exec java -Xmx256m -cp "$(dirname "$0")/*" io.temporal.testserver.TestServer "$@"
`;

function demand(program: string): string {
  const found = onPath(program);
  if (found === undefined) throw new Error(`${program} is not on the PATH: the time-skipping tests need it`);
  return found;
}

export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  demand('java');
  const path = join(await jars(), 'start');
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}
