import { Controller, type Type } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { ConfigurationQuery, EditableKind } from '@parley/contracts/admin-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { AsCommand, type CommandRequest } from '@parley/service/command-request';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import { ConfigurationEditor } from './configuration.editor.js';
import { EDITABLE } from './editable.js';

function routesOf(kind: EditableKind) {
  const { path, named, paths, create, replace, answer, page, archives } = EDITABLE[kind];
  const one = `${path}/:id`;
  const errors = ['forbidden-scope', 'conflict', 'stale-version'] as const;
  const ending = archives ? 'Archives' : 'Withdraws';
  return {
    list: route({
      method: 'GET',
      path,
      summary: `Lists each ${named}`,
      params: paths.all,
      query: ConfigurationQuery,
      answer: page,
    }),
    read: route({ method: 'GET', path: one, summary: `Reads a ${named}`, params: paths.one, answer }),
    create: route({
      ...{ method: 'POST', path, summary: `Makes a ${named}`, status: 201, command: true },
      ...{ params: paths.all, body: create, answer, errors },
    }),
    replace: route({
      ...{ method: 'PUT', path: one, summary: `Writes a ${named}`, command: true },
      ...{ params: paths.one, body: replace, answer, errors },
    }),
    remove: route({
      ...{ method: 'DELETE', path: one, summary: `${ending} a ${named}`, command: true },
      ...{ params: paths.one, answer, errors },
    }),
  };
}

/** The same five routes for each kind; what differs stands in {@link EDITABLE}. */
function controllerOf(kind: EditableKind): Type {
  const { list, read, create, replace, remove } = routesOf(kind);

  @Controller()
  class EditableController {
    constructor(private readonly editor: ConfigurationEditor) {}

    @Route(list)
    @Verb('configuration.read')
    list(@Input() { params, query }: InputOf<typeof list>, @CurrentPrincipal() { tenant }: Principal) {
      return this.editor.list(tenant, kind, params, query);
    }

    @Route(read)
    @Verb('configuration.read')
    read(@Input() { params }: InputOf<typeof read>, @CurrentPrincipal() { tenant }: Principal) {
      return this.editor.read(tenant, kind, params);
    }

    @Route(create)
    @Verb('configuration.write')
    create(
      @Input() { params, body }: InputOf<typeof create>,
      @AsCommand() request: CommandRequest,
      @CurrentCaller() caller: Caller,
      @CurrentPrincipal() { tenant }: Principal,
    ) {
      return this.editor.create({ kind, tenant, caller, path: params, request }, body);
    }

    @Route(replace)
    @Verb('configuration.write')
    replace(
      @Input() { params, body }: InputOf<typeof replace>,
      @AsCommand() request: CommandRequest,
      @CurrentCaller() caller: Caller,
      @CurrentPrincipal() { tenant }: Principal,
    ) {
      return this.editor.replace({ kind, tenant, caller, path: params, request }, body);
    }

    @Route(remove)
    @Verb('configuration.write')
    remove(
      @Input() { params }: InputOf<typeof remove>,
      @AsCommand() request: CommandRequest,
      @CurrentCaller() caller: Caller,
      @CurrentPrincipal() { tenant }: Principal,
    ) {
      return this.editor.remove({ kind, tenant, caller, path: params, request });
    }
  }
  // Its name stands in the OpenAPI document's operation ids.
  Object.defineProperty(EditableController, 'name', {
    value: `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}Controller`,
  });
  return EditableController;
}

export const CONFIGURATION_CONTROLLERS = EditableKind.options.map(controllerOf);
