import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { presets } from '@parley/domain/presets';
import { readDialogues } from '../../deploy/local/demo/dialogues.ts';
import { ENDINGS, type Ending, expectedEnd, planParts } from '../../deploy/local/demo/plan.ts';
import { agrees, endedOtherwise, type Outcome, tableOf } from '../../deploy/local/demo/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sharesOf = (count: number): number[] =>
  ENDINGS.map(({ ending }) => planParts(count).filter((part) => part.ending === ending).length);

describe('what is played', () => {
  test('of 100: 60 closed by the agent, 8 by a supervisor, 8 cancelled, and 6 each of the other four', () => {
    expect(ENDINGS.map(({ ending }) => ending)).toEqual([
      'closed-by-agent',
      'closed-by-supervisor',
      'cancelled',
      'reassigned-and-closed',
      'paused-resumed-closed',
      'session-ended',
      'left-to-close-naturally',
    ]);
    expect(sharesOf(100)).toEqual([60, 8, 8, 6, 6, 6, 6]);
  });

  test('of any number as many as were wished, each share within one of its part', () => {
    for (let count = 1; count <= 250; count += 1) {
      const shares = sharesOf(count);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
      ENDINGS.forEach(({ share }, index) =>
        expect(Math.abs((shares[index] ?? 0) - (count * share) / 100)).toBeLessThan(1),
      );
    }
    expect(sharesOf(14).every((share) => share > 0)).toBe(true);
  });

  test('each kind of account has its turn, so all four presets are played', () => {
    const policyOf: Record<string, keyof typeof presets> = {
      ...{ site: 'iadvize-onsite', whatsapp: 'iadvize-social', messaging: 'zendesk-messaging' },
      ...{ 'campaign-1': 'sellia-campaign', 'campaign-2': 'sellia-campaign', 'whatsapp-fast': 'iadvize-social' },
    };
    const played = new Set(planParts(100).map(({ account }) => policyOf[account]));
    expect([...played].toSorted()).toEqual(Object.keys(presets).toSorted());
  });
});

describe('what is printed', () => {
  const outcome = (ending: Ending, api = expectedEnd(ending), kafka: string | null = api, last = 7): Outcome => ({
    played: { part: { number: 1, ending, account: 'site' }, dialogue: 'one', conversationId: 'cnv_1' },
    api: { end: api, sequence: 7 },
    kafka: kafka === null ? undefined : { end: kafka, sequence: last },
  });

  test('agrees: the same end and the same last sequence, from the API and from Kafka', () => {
    expect(agrees(outcome('cancelled'))).toBe(true);
    expect(agrees(outcome('cancelled', undefined, 'closed (agent)'))).toBe(false);
    expect(agrees(outcome('cancelled', undefined, undefined, 6))).toBe(false);
    expect(agrees(outcome('cancelled', undefined, null))).toBe(false);
  });

  test('ended otherwise: both agree, but it was played to end in another way', () => {
    expect(ENDINGS.map(({ ending }) => endedOtherwise(outcome(ending)))).toEqual(ENDINGS.map(() => false));
    expect(endedOtherwise(outcome('closed-by-agent', 'closed (supervisor)'))).toBe(true);
  });

  test('a row for each way of ending, counted from both sources apart', () => {
    const table = tableOf([
      outcome('paused-resumed-closed'),
      outcome('paused-resumed-closed', 'closed (natural)'),
      outcome('reassigned-and-closed', undefined, null),
    ]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['what was played', 'count', 'the API says', 'Kafka says'],
      expect.arrayContaining([expect.stringMatching(/^-+$/)]),
      ['reassigned-and-closed', '1', '1 closed (agent)', '1 nothing'],
      ['paused-resumed-closed', '2', '1 closed (agent), 1 closed (natural)', '1 closed (agent), 1 closed (natural)'],
    ]);
  });
});

describe('dialogues of a file', () => {
  const line = JSON.stringify({
    id: 'one',
    turns: [
      ['visitor', 'Hello'],
      ['agent', 'Good morning'],
      ['robot', 'beep'],
    ],
  });
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  test('plain or gzipped; what is neither a visitor’s nor an agent’s turn is left out', async () => {
    const read = [
      {
        id: 'one',
        turns: [
          { author: 'visitor', text: 'Hello' },
          { author: 'agent', text: 'Good morning' },
        ],
      },
    ];
    expect(await readDialogues(file('plain.jsonl', `${line}\n\n`))).toEqual(read);
    expect(await readDialogues(file('packed.jsonl.gz', gzipSync(line)))).toEqual(read);
  });

  test('what cannot be read is said with the file’s name, and the line', async () => {
    const missing = join(folder, 'missing.jsonl.gz');
    await expect(readDialogues(missing)).rejects.toThrow(`${missing} cannot be read: there is no such file`);
    const broken = file('broken.jsonl.gz', gzipSync(line).subarray(0, 20));
    await expect(readDialogues(broken)).rejects.toThrow(`${broken} cannot be read: it is not whole`);
    const odd = file('odd.jsonl', `${line}\n{"id":"two"}\n`);
    await expect(readDialogues(odd)).rejects.toThrow(`${odd}: line 2 has no "turns"`);
    const wrong = file('wrong.jsonl', 'no JSON');
    await expect(readDialogues(wrong)).rejects.toThrow(`${wrong}: line 1 is no JSON`);
  });
});
