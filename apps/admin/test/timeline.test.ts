import { describe, expect, test } from '@jest/globals';
import type { Language } from '@parley/service/language';
import { LIFECYCLE_EVENTS } from '@parley/contracts/lifecycle-event';
import { MESSAGE_EVENTS } from '@parley/contracts/message-event';
import { beyond, entryOf, inOrder, placeOfEntry } from '../src/conversation/timeline.js';
import { EN, ES, FR } from '../src/conversation/words.js';
import { Lived, supervisor } from './lived.js';

const manager = supervisor('manager', 'team:support');
const lived = new Lived().says().assigned().answers().says().does({ type: 'close' }, manager);
const told = inOrder(lived.events.toReversed(), lived.messages.toReversed());

const texts = (language: Language): string[] => told.map((each) => entryOf(each, language).text);

describe('the timeline', () => {
  test('is in the order of the fold: a message after the event it follows', () => {
    expect(told.map(({ type }) => type.replace('conversation.', ''))).toEqual([
      'started',
      'queued',
      'message-received',
      'assigned',
      'activated',
      'message-sent',
      'message-received',
      'closed',
      'survey-requested',
    ]);
  });

  test('in English', () => {
    expect(texts('en')).toEqual([
      'The conversation began on whatsapp, campaign whatsapp, under policy iadvize-social v1.',
      'It waits for an agent of support: in the queue.',
      'The visitor wrote.',
      'Assigned to agent-1 by the system.',
      'agent-1 wrote first and handles it now.',
      'agent-1 answered.',
      'The visitor wrote.',
      'Closed by manager-1 (by a supervisor); it counts for agent-1.',
      'The satisfaction survey was requested.',
    ]);
  });

  test('in French and in Spanish', () => {
    expect(texts('fr').at(-2)).toBe('Fermée par manager-1 (par un superviseur) ; elle compte pour agent-1.');
    expect(texts('es').at(-2)).toBe('Cerrada por manager-1 (por un supervisor); cuenta para agent-1.');
    expect(texts('fr')[3]).toBe('Attribuée à agent-1 par le système.');
    expect(texts('es')[1]).toBe('Espera a un agente de support: en la cola.');
  });

  test('what is missing is said: nobody, none', () => {
    const nobodys = new Lived('sellia-campaign')
      .says()
      .does(
        { type: 'requeue', pendingReason: 'out-of-hours' },
        { kind: 'system', id: 'system', role: 'system', scopes: [] },
      )
      .does({ type: 'cancel', category: 'spam' }, supervisor('super-administrator', 'tenant'));
    const last = nobodys.events.at(-1);
    expect(last && entryOf(last, 'en').text).toBe(
      'Cancelled by super-administrator-1, category spam; it counts for nobody.',
    );
    expect(last && entryOf(last, 'fr').text).toBe(
      'Annulée par super-administrator-1, catégorie spam ; elle compte pour personne.',
    );
  });

  test('never says what was said, and leaves no gap', () => {
    for (const language of ['en', 'fr', 'es'] as const) {
      for (const text of texts(language)) expect(text).not.toMatch(/\{|\}|undefined|null|\[object/);
    }
  });

  test('goes on after any entry, without repeating or skipping one', () => {
    told.forEach((each, index) => {
      expect(beyond(told, placeOfEntry(entryOf(each, 'en')))).toEqual(told.slice(index + 1));
    });
  });
});

test('every event has its sentence in every language, with the same gaps', () => {
  const types = [...Object.keys(LIFECYCLE_EVENTS), ...Object.keys(MESSAGE_EVENTS)]
    .map((name) => `conversation.${name}`)
    .sort();
  const gaps = (sentence: string): string[] => [...sentence.matchAll(/\{\w+\}/g)].map(([gap]) => gap).sort();
  for (const words of [EN, FR, ES]) {
    expect(Object.keys(words.told).sort()).toEqual(types);
    for (const [type, sentence] of Object.entries(words.told)) {
      expect({ type, gaps: gaps(sentence) }).toEqual({ type, gaps: gaps(EN.told[type as keyof typeof EN.told]) });
    }
    expect(Object.keys(words.values).sort()).toEqual(Object.keys(EN.values).sort());
  }
});
