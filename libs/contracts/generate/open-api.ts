import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { InjectionToken, Provider, Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { openApiOf } from '@parley/service/open-api';
import { routeTable } from '@parley/service/route-table';
import { asJson } from './documents.ts';

const SERVICES = ['inbox', 'admin', 'stats', 'notifications'] as const;
const CONTROLLER = /\.controllers?\.ts$/;
const apps = join(import.meta.dirname, '..', '..', '..', 'apps');

/** Every class with routes in a service's `*.controller.ts`, imported by the service's own exports. */
async function controllersOf(service: string): Promise<Type[]> {
  const source = join(apps, service, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => CONTROLLER.test(file))
    .sort();
  const modules: Record<string, unknown>[] = await Promise.all(
    files.map((file): Promise<Record<string, unknown>> => {
      const path = file.split(sep).join('/').replace(/\.ts$/, '');
      return import(`@parley/${service}/${path}`);
    }),
  );
  return modules.flatMap((exported): unknown[] => Object.values(exported).flat()).filter(isController);
}

const isController = (exported: unknown): exported is Type =>
  typeof exported === 'function' && Reflect.hasMetadata('path', exported) && Reflect.hasMetadata('host', exported);

/** Instantiates nothing: what a controller asks for need only have a name. */
const PREVIEW = { preview: true, logger: false, abortOnError: false } as const;

const listAt = (key: string, controller: Type): readonly unknown[] => {
  const found: unknown = Reflect.getMetadata(key, controller);
  return Array.isArray(found) ? found : [];
};
const tokenOf = (asked: unknown): unknown =>
  typeof asked === 'object' && asked !== null && 'param' in asked ? asked.param : asked;
const isToken = (token: unknown): token is InjectionToken =>
  typeof token === 'function' || typeof token === 'symbol' || typeof token === 'string';

function standInsFor(controllers: readonly Type[]): Provider[] {
  const asked = controllers.flatMap((controller) =>
    ['design:paramtypes', 'self:paramtypes'].flatMap((key) => listAt(key, controller).map(tokenOf)),
  );
  return [...new Set(asked)].filter(isToken).map((provide) => ({ provide, useValue: {} }));
}

/** Nothing but routes; written without a decorator, for Node runs this file as it stands. */
class RoutesModule {}

/** What each service answers at `/openapi.json`, taken from its routes without starting it. */
export async function openApiDocuments(): Promise<ReadonlyMap<string, object>> {
  const documents = new Map<string, object>();
  for (const service of SERVICES) {
    const controllers = await controllersOf(service);
    const routes = { module: RoutesModule, controllers, providers: standInsFor(controllers) };
    const preview = await NestFactory.createApplicationContext(routes, PREVIEW);
    documents.set(service, openApiOf(service, routeTable(preview.get(ModulesContainer), `${service}/v1`)));
    await preview.close();
  }
  return documents;
}

/** As they are committed: path below the generated folder → text. */
export async function httpDocuments(): Promise<ReadonlyMap<string, string>> {
  const documents = await openApiDocuments();
  return new Map([...documents].map(([service, document]) => [`openapi/${service}.json`, asJson(document)]));
}
