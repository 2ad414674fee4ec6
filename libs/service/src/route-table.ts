import { MetadataScanner, Reflector, type ModulesContainer } from '@nestjs/core';
import { routeOf, type RouteDefinition } from './route.js';

export interface RouteEntry {
  controller: Function;
  handler: Function;
  definition: RouteDefinition;
  /** With the service's prefix; parameters as `:name`. */
  path: string;
}

/** Nest's own keys; it does not export the constants from its front door. */
const PATH = 'path';

/** Every route of the service, as Nest has mapped it; throws at one that Nest knows and `@Route` does not. */
export function routeTable(modules: ModulesContainer, prefix: string): RouteEntry[] {
  const reflector = new Reflector();
  const scanner = new MetadataScanner();
  const entries: RouteEntry[] = [];
  for (const module of modules.values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const base: unknown = reflector.get<unknown>(PATH, metatype);
      entries.push(...routesOf(metatype, [prefix, String(base ?? '')], reflector, scanner));
    }
  }
  return entries;
}

function routesOf(
  controller: Function,
  before: readonly string[],
  reflector: Reflector,
  scanner: MetadataScanner,
): RouteEntry[] {
  const prototype: unknown = controller.prototype;
  if (typeof prototype !== 'object' || prototype === null) return [];
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof handler !== 'function' || reflector.get<unknown>(PATH, handler) === undefined) return [];
    const definition = routeOf(handler);
    if (definition === undefined) throw new Error(`${controller.name}.${name} is a route without @Route`);
    return [{ controller, handler, definition, path: joined([...before, definition.path]) }];
  });
}

const joined = (parts: readonly string[]): string =>
  `/${parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/')}`;
