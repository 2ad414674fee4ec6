import { thirdPartyChannel } from './channel.ts';
import { gateway } from './gateway.ts';
import { identityProvider } from './identity.ts';
import { kafkaBroker, prepareKafka } from './kafka.ts';
import { LocalServer } from './local-server.ts';
import { Logs } from './logs.ts';
import { mailCatcher } from './mail.ts';
import { silent } from './note.ts';
import type { Pids } from './pids.ts';
import { freePort } from './ports.ts';
import { demandDatabase, postgresServer, prepareDatabase } from './postgres.ts';
import type { Profile } from './profile.ts';
import { lastLines, run, stopRuns } from './run.ts';
import { addressesOf, isBuilt, serviceNames, serviceProgram, wantedServices, type ServiceName } from './services.ts';
import { removeState } from './state.ts';
import { Supervised, type Program } from './supervised.ts';
import { demandNamespace, setRetention, temporalServer } from './temporal.ts';
import { Trouble } from './trouble.ts';
import { accepts } from './waiting.ts';

/** One local Parley: its parts, how each is started, and the order in which all of it stops. */
export class Stack {
  readonly profile: Profile;
  readonly secret: string;
  readonly pids: Pids;
  readonly processes = new Map<string, Supervised>();
  readonly servers = new Map<string, LocalServer>();
  readonly #logs: Logs;
  readonly #say: (line: string) => void;
  #isStopping = false;

  constructor(profile: Profile, secret: string, pids: Pids, say: (line: string) => void) {
    this.profile = profile;
    this.secret = secret;
    this.pids = pids;
    this.#logs = new Logs(profile.folder);
    this.#say = say;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  async build(note = silent): Promise<void> {
    note('Build: what changed since the last start …');
    const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' };
    const { code, output } = await run('npx', ['nx', 'run-many', '-t', 'build', '--output-style=static'], {
      cwd: this.profile.root,
      env,
    });
    if (code !== 0)
      throw new Trouble(`${lastLines(output, 25)}\nThe build failed (above): \`npm run build\` shows all of it.`);
  }

  async temporal(note = silent): Promise<void> {
    const { given } = this.profile;
    if (given.temporal !== undefined) return demandNamespace(given.temporal);
    await this.#run(await temporalServer(this.profile, note));
    await setRetention(addressesOf(this.profile).temporal);
  }

  async kafka(note = silent): Promise<void> {
    const { given } = this.profile;
    const brokers = addressesOf(this.profile).kafka;
    if (given.kafka === undefined) await this.#run(await kafkaBroker(this.profile, note));
    else if (!(await accepts(brokers.split(',')[0] ?? brokers))) {
      throw new Trouble(
        `KAFKA_BROKERS=${brokers} does not answer. Correct it, or leave it out and Parley starts its own.`,
      );
    }
    await prepareKafka(brokers);
  }

  async postgres(): Promise<void> {
    const { given } = this.profile;
    if (given.database !== undefined) return demandDatabase(given.database);
    await this.#run(await postgresServer(this));
    await prepareDatabase(this);
  }

  async identity(): Promise<void> {
    if (this.profile.given.issuer === undefined) await this.#open('issuer', () => identityProvider(this.profile));
  }

  async mail(): Promise<void> {
    if (this.profile.given.smtp === undefined) await this.#open('mail', () => mailCatcher(this.profile));
  }

  async channel(): Promise<void> {
    await this.#open('channel', () => thirdPartyChannel(this.profile));
  }

  async gateway(): Promise<void> {
    await this.#open('gateway', () => gateway(this.profile));
  }

  services(): readonly ServiceName[] {
    return wantedServices();
  }

  canStart(service: ServiceName): boolean {
    return isBuilt(this.profile, service);
  }

  async service(service: ServiceName): Promise<void> {
    const { ports } = this.profile;
    const instance = { service, name: service, port: ports[service] };
    const metrics = service === 'worker' ? { metricsPort: ports.temporalMetrics } : {};
    await this.#run(serviceProgram(this.profile, this.secret, { ...instance, ...metrics }));
  }

  /** One more instance of a service on a port of its own, beside the one that the gateway knows. */
  async second(service: ServiceName): Promise<{ name: string; port: number }> {
    const name = `${service}-2`;
    if (this.processes.has(name)) throw new Trouble(`There is a second ${service} already.`);
    const port = await freePort();
    await this.#run(serviceProgram(this.profile, this.secret, { service, name, port, metricsPort: await freePort() }));
    return { name, port };
  }

  async endSecond(service: ServiceName): Promise<void> {
    const name = `${service}-2`;
    await this.processes.get(name)?.stop();
    this.processes.delete(name);
  }

  /** After a new build: services are started anew, the parts underneath and their data stay. */
  async restartServices(): Promise<readonly string[]> {
    await Promise.all(this.#services().map((each) => each.stop()));
    const wanted = this.services().filter((service) => this.canStart(service));
    await Promise.all(wanted.map((service) => this.service(service)));
    return wanted;
  }

  /** Services first, for they still want to write what they have in hand; data stays. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    removeState(this.profile.stateFile);
    await stopRuns();
    const services = this.#services();
    const parts = [...this.processes.values()].filter((each) => !services.includes(each));
    await Promise.all(services.map((each) => each.stop()));
    await Promise.all([...this.servers.values()].map((each) => each.stop()));
    await Promise.all(parts.map((each) => each.stop()));
    this.#logs.close();
    this.pids.release();
  }

  /** Without waiting for anybody. */
  async abort(): Promise<void> {
    this.#isStopping = true;
    removeState(this.profile.stateFile);
    await Promise.all([stopRuns(), ...[...this.processes.values()].map((each) => each.halt())]);
    this.pids.release();
  }

  #services(): Supervised[] {
    const names: readonly string[] = serviceNames.flatMap((name) => [name, `${name}-2`]);
    return [...this.processes.values()].filter(({ name }) => names.includes(name));
  }

  async #run(program: Program): Promise<void> {
    if (this.#isStopping) throw new Trouble('Stopped while starting.');
    const process = new Supervised(program, { logs: this.#logs, pids: this.pids, say: this.#say });
    this.processes.set(program.name, process);
    await process.start();
  }

  async #open(name: string, open: () => ReturnType<typeof gateway>): Promise<void> {
    if (this.#isStopping) throw new Trouble('Stopped while starting.');
    const server = new LocalServer(name, open);
    this.servers.set(name, server);
    await server.start();
  }
}
