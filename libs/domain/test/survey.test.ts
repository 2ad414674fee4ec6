import { describe, expect, test } from '@jest/globals';
import {
  administrator,
  after,
  ana,
  answerSurvey,
  assignedTo,
  cancel,
  close,
  closeBy,
  closed,
  DAY_MS,
  deadline,
  done,
  endSession,
  erase,
  event,
  given,
  manager,
  onThirdParty,
  policy,
  refused,
  sellia,
  social,
  surveyOff,
  surveyRequested,
  surveySuppressed,
  visitorIs,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];

describe('A9: every close is followed by exactly one of requested or suppressed, because', () => {
  const loggedIn = visitorIs({ authenticated: true });
  const present = visitorIs({ online: true });
  test.each([
    ['own site, logged in', [loggedIn], surveyRequested],
    ['own site, not logged in', [], surveySuppressed('visitor-not-authenticated')],
    ['own site, present but not logged in', [present], surveySuppressed('visitor-not-authenticated')],
    ['own site, where presence counts, present', [policy({ surveyPresence: 'online' }), present], surveyRequested],
    [
      'own site, where presence counts, gone',
      [policy({ surveyPresence: 'online' }), loggedIn],
      surveySuppressed('visitor-not-online'),
    ],
    ['a third-party channel, whoever is there', [onThirdParty], surveyRequested],
    ['always', [social], surveyRequested],
    ['always, but the account has none', [social, surveyOff], surveySuppressed('survey-off')],
    ['off by policy, though logged in', [sellia, loggedIn], surveySuppressed('survey-off')],
    ['only by a trigger', [zendesk, loggedIn], surveySuppressed('only-by-trigger')],
  ] as [string, Step[], unknown][])('A9: %s', (_name, steps, survey) => {
    expect(given(...steps, ...withAna).when(close()).then).toEqual([closed(), survey]);
  });

  test('A9: by whomever it was closed', () => {
    expect(given(onThirdParty, ...withAna).when(closeBy(manager)).then).toEqual([closed(), surveyRequested]);
    const silent = given(social, ...withAna, after(7 * DAY_MS));
    expect(silent.when(deadline()).then).toEqual([closed(), surveyRequested, event('conversation.archived')]);
  });
  test('A9: the survey has an id of its own for each episode, and stands in the conversation', () => {
    const { then, state } = given(onThirdParty, ...withAna).when(close());
    expect(then[1]).toMatchObject({ surveyId: `${state.conversationId}:survey:1` });
    expect(state.survey).toEqual({ decision: 'requested', reason: null });
  });
  test('A9: why it was suppressed stands there too', () => {
    const { then, state } = given(...withAna).when(close());
    expect(state.survey).toEqual({ decision: 'suppressed', reason: 'visitor-not-authenticated' });
    expect(then[1]).toMatchObject({ reason: 'visitor-not-authenticated' });
  });
  test('A9: a cancel is no close and asks nothing', () => {
    expect(given(sellia, ...withAna).when(cancel({ caller: administrator })).state.survey).toBeNull();
  });
});

describe('the visitor answers', () => {
  test('a survey that was requested, after the end', () => {
    const { then } = given(onThirdParty, ...withAna, done(close())).when(answerSurvey({ score: 4 }));
    expect(then).toEqual([event('conversation.survey-answered', { surveyId: 'survey-1', score: 4 })]);
  });
  test('one that nobody asked cannot be answered', () => {
    expect(given(...withAna, done(close())).when(answerSurvey()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('nor one of a conversation that goes on', () => {
    expect(given(zendesk, ...withAna).when(answerSurvey()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('E7: after the end of a session only a trigger sends one, and it can be answered', () => {
    const { then } = given(zendesk, ...withAna, done(endSession())).when(answerSurvey());
    expect(then).toEqual([event('conversation.survey-answered')]);
  });
});

describe('X9: a contact is erased', () => {
  test('X9: an ended conversation is marked, and nothing else changes', () => {
    const ended = given(onThirdParty, ...withAna, done(close()));
    const { then, state } = ended.when(erase());
    expect(then).toEqual([event('conversation.erased', { statusFrom: 'closed', statusTo: 'closed' })]);
    expect(state).toEqual({ ...ended.state, sequence: ended.state.sequence + 1, erased: true });
  });
  test('X9: one that still lives ends first, for nothing can be commanded afterwards; nobody is surveyed', () => {
    const { then, state } = given(onThirdParty, ...withAna).when(erase());
    expect(then).toEqual([
      closed({ closeKind: 'api', closedBy: { kind: 'system', id: 'system', role: 'system' }, statsAgent: 'ana' }),
      surveySuppressed('contact-erased'),
      event('conversation.erased'),
    ]);
    expect(state).toMatchObject({ status: 'closed', erased: true, deadlineAt: null });
  });
  test('X9: after it every command is refused', () => {
    expect(given(...withAna, done(erase())).when(close()).decision).toEqual(refused('ERASED'));
  });
});
