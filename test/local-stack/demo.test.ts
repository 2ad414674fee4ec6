import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { presets } from '@parley/domain/presets';
import { readDialogues } from '../../deploy/local/demo/dialogues.ts';
import { ENDINGS, type Ending, expectedEnd, type Part, planParts, presetOf } from '../../deploy/local/demo/plan.ts';
import { wishesOf } from '../../deploy/local/demo/wishes.ts';
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
      const off = ENDINGS.map(({ share }, index) => Math.abs((shares[index] ?? 0) - (count * share) / 100));
      if (count < ENDINGS.length || count >= 14) expect(Math.max(...off)).toBeLessThan(1);
    }
  });

  test('each way of ending at least once as soon as there are as many parts: all seven with the twelve dialogues', () => {
    for (let count = ENDINGS.length; count <= 250; count += 1) expect(Math.min(...sharesOf(count))).toBeGreaterThan(0);
    expect(sharesOf(12)).toEqual([6, 1, 1, 1, 1, 1, 1]);
    expect(planParts(12).find(({ ending }) => ending === 'left-to-close-naturally')?.account).toBe('whatsapp-fast');
  });

  test('each kind of account has its turn, so all four presets are played, with the twelve dialogues too', () => {
    for (const count of [12, 100]) {
      const played = new Set(planParts(count).map(({ account }) => presetOf(account)));
      expect([...played].toSorted()).toEqual(Object.keys(presets).toSorted());
    }
  });
});

describe('what is printed', () => {
  const onWhatsapp: Part = { number: 2, ending: 'closed-by-agent', account: 'whatsapp' };
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

  test('a row for each way of ending under each preset, counted from both sources apart', () => {
    const table = tableOf([
      outcome('closed-by-agent'),
      { ...outcome('closed-by-agent'), played: { ...outcome('closed-by-agent').played, part: onWhatsapp } },
      outcome('reassigned-and-closed', undefined, null),
      outcome('closed-by-agent', 'closed (natural)'),
    ]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['what was played', 'under', 'count', 'the API says', 'Kafka says'],
      expect.arrayContaining([expect.stringMatching(/^-+$/)]),
      [
        ...['closed-by-agent', 'iadvize-onsite', '2'],
        ...['1 closed (agent), 1 closed (natural)', '1 closed (agent), 1 closed (natural)'],
      ],
      ['closed-by-agent', 'iadvize-social', '1', '1 closed (agent)', '1 closed (agent)'],
      ['reassigned-and-closed', 'iadvize-onsite', '1', '1 closed (agent)', '1 nothing'],
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

describe('what can be wished', () => {
  test('nothing: twelve dialogues of our own; a file: a hundred', () => {
    expect(wishesOf([])).toMatchObject({ dialogues: undefined, count: 12, speed: 20 });
    expect(wishesOf(['--dialogues', 'a.jsonl', '--speed=5'])).toMatchObject({
      dialogues: 'a.jsonl',
      count: 100,
      speed: 5,
    });
  });

  test.each([
    [['--count', '-1'], /^Option '--count' argument is ambiguous\. There are: .*--count=N \(a whole number above 0\)/],
    [['--count=-1'], /^--count takes a whole number from 1 to 10000$/],
    [['--counts=3'], /^Unknown option '--counts'\. There are: --dialogues=FILE/],
    [['7'], /^Unexpected argument '7'\. There are: /],
  ])('%j is refused in one line that says what there is', (args, line) => {
    const refusal = (): unknown => {
      try {
        return wishesOf(args);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refusal()).toMatch(line);
    expect(String(refusal()).split('\n')).toHaveLength(1);
  });
});
