import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { withAgentsOnline } from '../../deploy/local/demo/presence.ts';
import { castOf } from '../../deploy/local/demo/stage.ts';
import { bodyOf } from '../../deploy/local/http.ts';
import { Trouble } from '../../deploy/local/trouble.ts';

const OFFLINE = { status: 'offline', accepts: 'automatic' };
const AWAY = { status: 'away', accepts: 'picking' };
const ONLINE = { status: 'online', accepts: 'picking' };

/** Inbox as far as the demo's agents need it; a token is its account's name. */
let presence: Record<string, unknown> = {};
let server: Server;
let url = '';
beforeEach(async () => {
  presence = { 'agent-1': OFFLINE, 'agent-2': AWAY };
  server = createServer((request, response) => {
    const agent = String(request.headers.authorization).replace('Bearer ', '');
    if (request.url === '/inbox/v1/desk')
      return response.end(JSON.stringify({ capacity: { messaging: { held: 0, limit: 5 } } }));
    if (request.method === 'GET') return response.end(JSON.stringify(presence[agent]));
    void bodyOf(request).then((body) => {
      presence[agent] = JSON.parse(body);
      response.end(body);
    });
    return undefined;
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const cast = () => castOf(url, (account) => Promise.resolve(account));
const silent = (): void => undefined;

describe('the demo’s agents', () => {
  test('are online while it plays, and afterwards as they were found', async () => {
    const during = await withAgentsOnline(await cast(), silent, () => Promise.resolve({ ...presence }));
    expect(during).toEqual({ 'agent-1': ONLINE, 'agent-2': ONLINE });
    expect(presence).toEqual({ 'agent-1': OFFLINE, 'agent-2': AWAY });
  });

  test('also when it fails, and its failure is what is heard', async () => {
    const failing = withAgentsOnline(await cast(), silent, () => Promise.reject(new Error('the play broke off')));
    await expect(failing).rejects.toThrow('the play broke off');
    expect(presence).toEqual({ 'agent-1': OFFLINE, 'agent-2': AWAY });
  });

  test('also when it is interrupted, before it goes', async () => {
    const left = Promise.withResolvers<unknown>();
    jest.spyOn(process, 'exit').mockImplementation((code) => {
      left.resolve({ code, presence: { ...presence } });
      return undefined as never;
    });
    const curtain = Promise.withResolvers<void>();
    const playing = withAgentsOnline(await cast(), silent, () => {
      process.emit('SIGINT', 'SIGINT');
      process.emit('SIGINT', 'SIGINT');
      return curtain.promise;
    });
    expect(await left.promise).toEqual({ code: 130, presence: { 'agent-1': OFFLINE, 'agent-2': AWAY } });
    curtain.resolve();
    await playing;
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('without a Parley that signs tokens: one refusal for all of them, and none unheard', async () => {
    const nobody = castOf(url, () => Promise.reject(new Trouble('Nobody answers')));
    await expect(nobody).rejects.toThrow(new Trouble('Nobody answers'));
  });
});
