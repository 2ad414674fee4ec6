import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { demandFree, freePort, isFree, portPlan } from '../../deploy/local/ports.ts';
import { profileOf } from '../../deploy/local/profile.ts';

describe('the port plan', () => {
  test('stands on its base', () => {
    expect(portPlan(4000)).toEqual({
      gateway: 4000,
      inbox: 4001,
      admin: 4002,
      stats: 4003,
      notifications: 4004,
      worker: 4005,
      console: 4006,
      issuer: 4007,
      channel: 4008,
      control: 4009,
      smtp: 4025,
      mail: 4026,
      temporal: 4110,
      temporalUi: 4111,
      temporalMetrics: 4112,
      kafka: 4120,
      kafkaController: 4121,
      postgres: 4130,
    });
  });

  test('gives npm start and npm test ports that never meet', () => {
    const dev = Object.values(profileOf('dev', {}).ports);
    const tests = Object.values(profileOf('test', {}).ports);
    expect(dev.filter((port) => tests.includes(port))).toEqual([]);
    expect([dev[0], tests[0]]).toEqual([4000, 5000]);
  });

  test('moves with PARLEY_PORT_BASE', () => {
    expect(profileOf('dev', { PARLEY_PORT_BASE: '14000' }).ports.kafka).toBe(14_120);
  });

  test.each(['abc', '80', '65500', '4000.5'])('says what base to give instead of %s', (base) => {
    expect(() => profileOf('dev', { PARLEY_PORT_BASE: base })).toThrow(
      'PARLEY_PORT_BASE is no base port: give a whole number from 1024 to 65405.',
    );
  });
});

describe('a port that is taken', () => {
  test('is said with who has it and how to move', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    await expect(demandFree([port])).rejects.toThrow(
      new RegExp(
        `^Port ${port} is used by .+ \\(pid ${process.pid}\\)\\. Stop it, or move Parley: \`PARLEY_PORT_BASE=`,
      ),
    );
    await new Promise((closed) => server.close(closed));
    expect(await isFree(port)).toBe(true);
  });
});
