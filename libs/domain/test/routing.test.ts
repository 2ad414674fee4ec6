import { expect, test } from '@jest/globals';
import { chooseAgent, type Candidate } from '../src/routing.js';

const ready: Candidate = {
  agentId: 'ana',
  online: true,
  accepts: 'automatic',
  groups: ['support'],
  held: 0,
  limit: 5,
  lastAssignedAt: null,
};
const choose = (...agents: Partial<Candidate>[]) =>
  chooseAgent(
    agents.map((agent) => ({ ...ready, ...agent })),
    'support',
  );
const given = (agentId: string) => ({ kind: 'agent', agentId });
const wait = (reason: string) => ({ kind: 'wait', reason });

test('nobody of the group online: agents-offline', () => {
  expect(choose()).toEqual(wait('agents-offline'));
  expect(choose({ online: false })).toEqual(wait('agents-offline'));
  expect(choose({ groups: ['experts'] })).toEqual(wait('agents-offline'));
});
test('who gave it back is not given it again, and is there all the same', () => {
  const agents = [ready, { ...ready, agentId: 'ben', held: 4 }];
  expect(chooseAgent(agents, 'support', 'ana')).toEqual(given('ben'));
  expect(chooseAgent([ready], 'support', 'ana')).toEqual(wait('in-queue'));
  expect(chooseAgent([{ ...ready, online: false }], 'support', 'ana')).toEqual(wait('agents-offline'));
});
test('all full, or picking for themselves: in-queue', () => {
  expect(choose({ held: 5 }, { agentId: 'ben', accepts: 'picking' })).toEqual(wait('in-queue'));
  expect(choose({ limit: 0 })).toEqual(wait('in-queue'));
});
test('the one with the most room, however many it holds already', () => {
  expect(choose({ held: 2 }, { agentId: 'ben', held: 1 })).toEqual(given('ben'));
  const [large, small] = [
    { agentId: 'zoe', held: 4, limit: 10, lastAssignedAt: '2026-11-21T12:00:00.000Z' },
    { agentId: 'ana', held: 2, limit: 3, lastAssignedAt: null },
  ];
  expect(choose(large, small)).toEqual(given('zoe'));
  expect(choose(small, large)).toEqual(given('zoe'));
});
test('among those with equal room the one who has waited longest, who never had one first of all; in the end by name', () => {
  const [noon, one] = ['2026-11-21T12:00:00.000Z', '2026-11-21T13:00:00.000Z'];
  const turns: [string, Partial<Candidate>, Partial<Candidate>][] = [
    ['ben', { agentId: 'ana', lastAssignedAt: one }, { agentId: 'ben', lastAssignedAt: noon }],
    ['ben', { agentId: 'ana', lastAssignedAt: noon }, { agentId: 'ben', lastAssignedAt: null }],
    ['ana', { agentId: 'ana', lastAssignedAt: noon }, { agentId: 'ben', lastAssignedAt: noon }],
    ['ana', { agentId: 'ana' }, { agentId: 'ben' }],
  ];
  for (const [first, ana, ben] of turns) {
    expect(choose(ana, ben)).toEqual(given(first));
    expect(choose(ben, ana)).toEqual(given(first));
  }
});
