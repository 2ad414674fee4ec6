import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// A start on kept data, as a person sees it: from `npm start` to its last line, with the launcher's own task list.

const GOAL_S = 30;
const root = join(import.meta.dirname, '..', '..');

const startedAt = performance.now();
const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
// A group of its own, as a terminal makes one: Ctrl-C reaches all of it.
const npm = spawn('npm', ['start', '--', '--profile', 'test', '--as-long-as', String(process.pid)], {
  cwd: root,
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(npm, 'close');
let isUp = false;
for await (const line of createInterface({ input: npm.stdout })) {
  console.log(`  ${seconds().padStart(5)} s  ${line}`);
  if (!line.startsWith('Parley is up')) continue;
  isUp = true;
  console.log(`warm start: ${seconds()} s (goal ${GOAL_S})`);
  if (npm.pid !== undefined) process.kill(-npm.pid, 'SIGINT');
}
await ended;
if (!isUp) throw new Error('Parley did not come up');
