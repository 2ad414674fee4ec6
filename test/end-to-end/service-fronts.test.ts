import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PROBLEMS } from '@parley/contracts/problem';
import { until } from '../../deploy/local/demo/play.ts';
import { agentsReady, conversationIn, newContact } from './actors.ts';
import { LogFollower } from './log.ts';
import { at, field, gateway } from './stack.ts';

const generated = join(import.meta.dirname, '..', '..', 'libs', 'contracts', 'generated');
const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
  await conversationIn('closed', { account: 'whatsapp', contact: newContact() });
});
afterAll(() => log.stop());

const behindGateway = ['inbox', 'admin', 'stats', 'notifications'] as const;
const ports: [string, string][] = [...behindGateway, 'worker'].map((service) => [service, at(service)]);
const doors: [string, string][] = [...ports, ...behindGateway.map((service): [string, string] => [service, gateway])];
const ONE_MORE_LOOK_MS = 3_000;
const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** What each names when it is asked whether it is ready; without a database of its own there is nothing to name. */
const CHECKS: Record<string, string[]> = {
  inbox: ['consumer inbox', 'database', 'dispatcher', 'kafka', 'temporal'],
  admin: ['database', 'kafka', 'log', 'temporal'],
  worker: ['kafka', 'temporal'],
  stats: [],
  notifications: [],
};

/** What an operator's rules look at, beside the process's own. */
const METRICS: Record<string, Record<string, string>> = {
  inbox: {
    inbox_threads: 'gauge',
    inbox_dispatch_seconds: 'histogram',
    inbox_messages_settled_total: 'counter',
    inbox_sequence_gaps_total: 'counter',
    inbox_skipped_records_total: 'counter',
    inbox_deliveries_total: 'counter',
  },
  admin: {
    admin_log_lag_records: 'gauge',
    admin_fold_age_seconds: 'gauge',
    admin_conversations_parked: 'gauge',
    admin_log_records_total: 'counter',
  },
  worker: { parley_kafka_up: 'gauge', parley_worker_running: 'gauge', parley_published_records_total: 'counter' },
  stats: {},
  notifications: {},
};

interface Sample {
  name: string;
  labels: string;
  value: number;
}
interface Exposition {
  types: Map<string, string>;
  samples: Sample[];
}
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (nan|[+-]inf|-?[\d.]+(?:e[+-]?\d+)?)( -?\d+)?$/i;

/** The text format 0.0.4, read strictly. @throws Error with the line that is not in it */
function exposition(text: string): Exposition {
  const read: Exposition = { types: new Map(), samples: [] };
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([\w:]+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') read.types.set(name, rest);
    if (kind !== undefined) continue;
    const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (sample === '') throw new Error(`no Prometheus text: ${line}`);
    read.samples.push({ name: sample, labels, value: Number(value.replace(/inf/i, 'Infinity')) });
  }
  return read;
}
const metricsAt = async (origin: string, service: string): Promise<Exposition> => {
  const response = await fetch(`${origin}/${service}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return exposition(await response.text());
};
const familyOf = ({ name }: Sample, types: Map<string, string>): string =>
  types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');

describe('what every service answers, on its own port and through the gateway', () => {
  test.each(doors)('GET /%s/health/live at %s', async (service, origin) => {
    expect(await json(`${origin}/${service}/health/live`)).toEqual({ status: 'ok' });
  });

  test.each(doors)('GET /%s/health/ready at %s names its checks, all of them up', async (service, origin) => {
    // The launcher says "up" when it is so; since then a busy machine may have made one look late, no more.
    const report = await until(
      `${service} to be well`,
      async () => {
        const found = await json(`${origin}/${service}/health/ready`);
        return field(found, 'status') === 'ok' ? found : undefined;
      },
      ONE_MORE_LOOK_MS,
    );
    const checks = Object(field(report, 'checks')) as Record<string, unknown>;
    expect(Object.keys(checks).toSorted()).toEqual(CHECKS[service]);
    for (const check of Object.values(checks)) expect(field(check, 'status')).toBe('up');
  });

  test.each(doors)('GET /%s/metrics at %s: Prometheus’ text, with what it has to say', async (service, origin) => {
    const { types, samples } = await metricsAt(origin, service);
    const wanted = {
      http_request_duration_seconds: 'histogram',
      process_cpu_seconds_total: 'counter',
      ...METRICS[service],
    };
    for (const [name, type] of Object.entries(wanted)) expect([name, types.get(name)]).toEqual([name, type]);
    for (const sample of samples) {
      expect([sample.name, types.has(familyOf(sample, types))]).toEqual([sample.name, true]);
      expect(sample.labels).toContain(`service="${service}"`);
      // Ids are no labels, and no route is more than its pattern.
      expect(sample.labels).not.toMatch(/\b(cnv|th|ct|msg|hook)_[\w-]{8}/);
    }
  });

  test.each(ports)('GET /%s/openapi.json is the committed document', async (service, origin) => {
    const served = await json(`${origin}/${service}/openapi.json`);
    expect(field(served, 'openapi')).toMatch(/^3\.1/);
    if (service === 'worker') return expect(field(served, 'paths')).toEqual({});
    expect(served).toEqual(JSON.parse(readFileSync(join(generated, 'openapi', `${service}.json`), 'utf8')));
    expect(await json(`${gateway}/${service}/openapi.json`)).toEqual(served);
  });

  const valueOf = async (service: string, name: string, labels = ''): Promise<number | undefined> =>
    (await metricsAt(at(service), service)).samples.find((each) => each.name === name && each.labels.includes(labels))
      ?.value;

  test('the figures move with what happens', async () => {
    expect(await valueOf('worker', 'parley_kafka_up')).toBe(1);
    expect(await valueOf('worker', 'parley_worker_running', 'queue="conversations"')).toBe(1);
    expect(await valueOf('admin', 'admin_conversations_parked')).toBe(0);
    expect(await valueOf('inbox', 'inbox_sequence_gaps_total')).toBe(0);
    const settled = (): Promise<number | undefined> =>
      valueOf('inbox', 'inbox_messages_settled_total', 'author="visitor",outcome="placed"');
    const before = (await settled()) ?? 0;
    await conversationIn('pending', { account: 'site', contact: newContact() });
    await until('one more message', async () => (((await settled()) ?? 0) > before ? true : undefined));
  });

  test('the worker is behind no prefix of the gateway', async () => {
    for (const path of ['/worker/health/ready', '/worker/metrics'])
      expect((await fetch(`${gateway}${path}`)).status).toBe(404);
  });
});

describe('the console’s static server, which has the rest', () => {
  const page = async (path: string, init?: RequestInit): Promise<{ status: number; type: string; text: string }> => {
    const response = await fetch(`${gateway}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
  };

  test('/ is a page, and links to what there is', async () => {
    const { status, type, text } = await page('/');
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
    for (const link of ['/problems', '/schemas']) expect(text).toContain(`href="${link}"`);
    for (const service of ['inbox', 'admin']) expect(text).toContain(`/${service}/openapi.json`);
  });

  test.each(Object.entries(PROBLEMS))('/problems/%s: a page that exists', async (slug, { title }) => {
    const { status, text } = await page(`/problems/${slug}`);
    expect([status, text.includes(title)]).toEqual([200, true]);
  });

  test('every schema that an event names answers, and is the committed one', async () => {
    await until('some events', async () => (log.records.length > 10 ? true : undefined));
    const named = new Set(log.records.map(({ value }) => String(field(value, 'dataschema'))));
    expect(named.size).toBeGreaterThan(3);
    for (const url of named) {
      const response = await fetch(url);
      expect([url, response.status, response.headers.get('content-type')]).toEqual([
        url,
        200,
        'application/schema+json',
      ]);
      const file = join(generated, new URL(url).pathname);
      expect(await response.json()).toEqual(JSON.parse(readFileSync(file, 'utf8')));
    }
  });

  test('/asyncapi.yaml is the committed document', async () => {
    expect((await page('/asyncapi.yaml')).text).toBe(readFileSync(join(generated, 'asyncapi.yaml'), 'utf8'));
  });

  test('nothing else is there, and nothing can be sent to it', async () => {
    for (const path of [
      '/problems/no-such',
      '/schemas/no-such/1-0.json',
      '/schemas/..%2f..%2fpackage.json',
      '/no-such',
    ])
      expect([path, (await page(path)).status]).toEqual([path, 404]);
    expect((await page('/', { method: 'POST' })).status).toBe(405);
  });
});
