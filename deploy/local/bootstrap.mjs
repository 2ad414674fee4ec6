// What runs before anything is installed: plain JavaScript, no dependency, any Node from 18 on.
// It installs what is missing and hands over to the workspace's own Node, which runs TypeScript as it is.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [command, ...args] = process.argv.slice(2);

const end = (line, code = 1) => {
  console.error(line);
  process.exit(code);
};

if (Number(process.versions.node.split('.')[0]) < 18) {
  end(
    `Node ${process.versions.node} found, 18 needed to install the rest. \`npx -p node@24 npm ${command}\` works without installing.`,
  );
}

installIfNeeded();
handOver();

/** Everything of the lock file lies in node_modules: the same packages in the same versions, optional ones aside. */
function isInstalled() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true;
  const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const isThere = ([path, entry]) =>
    !path.startsWith('node_modules/') || entry.optional || entry.link || found[path]?.version === entry.version;
  if (!Object.entries(wanted).every(isThere)) return false;
  utimesSync(installed, new Date(), new Date());
  return true;
}

function installIfNeeded() {
  if (isInstalled()) return;
  console.error('Installing the packages (npm ci): a minute or less, once …');
  const startedAt = Date.now();
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.error) end(`npm is needed to install the workspace: ${npm.error.message}`);
  if (npm.status !== 0) {
    end(
      `${npm.stdout}${npm.stderr}\nThe packages could not be installed (npm ci, above). Is the package registry reachable? \`npm config get registry\` says which one.`,
    );
  }
  console.error(`Installed the packages  ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function handOver() {
  const node = join(root, 'node_modules', '.bin', 'node');
  const file = join(root, 'deploy', 'local', `${command}.ts`);
  if (!existsSync(file)) end(`There is no \`${command}\`: deploy/local/${command}.ts is missing.`);
  if (!existsSync(node)) end('The workspace has no Node of its own: `npm ci` brings it.');
  const env = {
    // What was compiled once is not compiled at the next start; services inherit it.
    NODE_COMPILE_CACHE: join(root, '.local', 'parts', 'compiled'),
    // A busy machine needs longer than Node's 250 ms to connect to localhost (nodejs/node#54359).
    NODE_OPTIONS: '--network-family-autoselection-attempt-timeout=2000',
    ...process.env,
  };
  const child = spawn(node, [file, ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => end(`The workspace's Node does not start: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
