import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, listen, type Listening } from './http.ts';
import type { LocalServer } from './local-server.ts';
import { serviceNames, type ServiceName } from './services.ts';
import type { Stack } from './stack.ts';
import type { Supervised } from './supervised.ts';
import { Trouble } from './trouble.ts';

const onProcesses: Readonly<Record<string, (part: Supervised) => void | Promise<void>>> = {
  kill: (part) => part.kill(),
  stop: (part) => part.halt(),
  start: (part) => part.start(),
  term: (part) => part.terminate(),
  freeze: (part) => part.freeze(),
  thaw: (part) => part.thaw(),
  ready: (part) => part.untilReady(),
};

const onServers: Readonly<Record<string, (part: LocalServer) => Promise<void>>> = {
  stop: (part) => part.stop(),
  start: (part) => part.start(),
};

const isService = (name: string): name is ServiceName => serviceNames.some((each) => each === name);

/**
 * How a test breaks things: `POST /parts/{name}/{kill|stop|start|term|freeze|thaw|ready}`, `POST` and `DELETE
 * /services/{name}/second`, `POST /services/restart`, and `GET /parts` to look. Every answer comes when it has happened.
 */
export async function controlServer(stack: Stack): Promise<Listening> {
  return listen('control', stack.profile.ports.control, (request, response) => {
    act(stack, request, response).catch((error: unknown) => {
      const status = error instanceof Trouble ? 409 : 500;
      answerJson(response, status, { error: error instanceof Error ? error.message : String(error) });
    });
  });
}

async function act(stack: Stack, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const [kind, name = '', verb = ''] = pathname.slice(1).split('/');
  const what = `${request.method ?? 'GET'} ${kind ?? ''}`;
  if (what === 'GET parts') return answerParts(stack, name, response);
  if (what === 'POST parts') return actOnPart(stack, name, verb, response);
  if (what === 'POST services' && name === 'restart')
    return answerJson(response, 200, { restarted: await stack.restartServices() });
  if (what === 'POST services' && verb === 'second' && isService(name)) {
    const { port, name: instance } = await stack.second(name);
    return answerJson(response, 200, { name: instance, port, url: `http://127.0.0.1:${port}` });
  }
  if (what === 'DELETE services' && verb === 'second' && isService(name)) {
    await stack.endSecond(name);
    return answerJson(response, 200, { name });
  }
  answerJson(response, 404, { error: `No ${request.method ?? 'GET'} ${pathname} here.` });
}

function answerParts(stack: Stack, name: string, response: ServerResponse): void {
  const items = [...stack.processes.values(), ...stack.servers.values()].map((part) => part.report());
  if (name === '') return answerJson(response, 200, { items });
  const item = items.find((each) => each.name === name);
  answerJson(
    response,
    item ? 200 : 404,
    item ?? { error: `No part ${name}: ${items.map((each) => each.name).join(', ')}` },
  );
}

async function actOnPart(stack: Stack, name: string, verb: string, response: ServerResponse): Promise<void> {
  const process = stack.processes.get(name);
  const server = stack.servers.get(name);
  if (process && onProcesses[verb]) await onProcesses[verb](process);
  else if (server && onServers[verb]) await onServers[verb](server);
  else return answerJson(response, 404, { error: `No ${verb} of ${name}.` });
  answerParts(stack, name, response);
}
