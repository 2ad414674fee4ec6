import { Reflector, type ModulesContainer } from '@nestjs/core';
import { routeTable, type Handler } from '@parley/service/route-table';
import { PUBLIC, VERB } from './verb.js';

/** Deny by default, told at the boot: a route without `@Verb` or `@Public` must not go out. */
export function assertEveryRouteHasVerb(modules: ModulesContainer): void {
  const reflector = new Reflector();
  const silent = routeTable(modules, '').filter(({ handler, controller }) => {
    const targets: [Handler, Handler] = [handler, controller];
    return (
      reflector.getAllAndOverride<unknown>(VERB, targets) === undefined &&
      reflector.getAllAndOverride<unknown>(PUBLIC, targets) !== true
    );
  });
  if (silent.length === 0) return;
  const names = silent.map(({ controller, handler }) => `${controller.name}.${handler.name}`);
  throw new Error(`Routes without a declared verb: ${names.join(', ')}`);
}
