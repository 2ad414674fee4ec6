import type { Type } from '@nestjs/common';
import { MetadataScanner, Reflector, type ModulesContainer } from '@nestjs/core';
import { routeOf, type RouteDefinition } from './route.js';

/** A class or a method, as Nest hangs its metadata on it. */
export type Handler = Type | ((...given: never[]) => unknown);
const isHandler = (value: unknown): value is Handler => typeof value === 'function';

export interface RouteEntry {
  controller: Handler;
  handler: Handler;
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
      if (!isHandler(metatype)) continue;
      const base: unknown = reflector.get<unknown>(PATH, metatype);
      const before = typeof base === 'string' ? [prefix, base] : [prefix];
      entries.push(...routesOf(metatype, before, reflector, scanner));
    }
  }
  return entries;
}

function routesOf(
  controller: Handler,
  before: readonly string[],
  reflector: Reflector,
  scanner: MetadataScanner,
): RouteEntry[] {
  const prototype: unknown = controller.prototype;
  if (typeof prototype !== 'object' || prototype === null) return [];
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (!isHandler(handler) || reflector.get<unknown>(PATH, handler) === undefined) return [];
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
