import type { EffectCode, EffectData } from '@parley/contracts/conversation';
import type { Language } from './language.js';

type Value = string | number | null;
type Sentence = (data: Readonly<Record<string, Value>>) => string;

const SUPPRESSED: Record<Language, Record<string, string>> = {
  en: {
    'survey-off': 'surveys are off',
    'only-by-trigger': 'only a trigger sends it',
    'visitor-not-authenticated': 'the visitor is not logged in',
    'visitor-not-online': 'the visitor is not on the site',
  },
  fr: {
    'survey-off': 'les enquêtes sont désactivées',
    'only-by-trigger': 'seul un déclencheur l’envoie',
    'visitor-not-authenticated': 'le visiteur n’est pas connecté à son compte',
    'visitor-not-online': 'le visiteur n’est pas sur le site',
  },
  es: {
    'survey-off': 'las encuestas están desactivadas',
    'only-by-trigger': 'solo la envía un disparador',
    'visitor-not-authenticated': 'el visitante no ha iniciado sesión',
    'visitor-not-online': 'el visitante no está en el sitio',
  },
};
const why = (language: Language, reason: Value | undefined): string =>
  SUPPRESSED[language][String(reason)] ?? String(reason);

const ROOM: Record<Language, Record<string, string>> = {
  en: { messaging: 'messaging', email: 'e-mail' },
  fr: { messaging: 'de messagerie', email: 'd’e-mail' },
  es: { messaging: 'de mensajería', email: 'de correo' },
};
const room = (language: Language, kind: Value | undefined): string => ROOM[language][String(kind)] ?? '';

const TOLD = ['message', 'message-and-reduce'];
const told = (how: Value | undefined): boolean => TOLD.includes(String(how));

const EN: Record<EffectCode, Sentence> = {
  'survey-requested': () => 'The satisfaction survey is requested.',
  'survey-suppressed': ({ reason }) => `No survey is sent: ${why('en', reason)}.`,
  'expert-unpaid': ({ agentId }) => `Expert ${agentId} is not paid for this conversation.`,
  'counts-for': ({ agentId }) =>
    agentId === null ? 'It counts for no agent in the statistics.' : `It counts for ${agentId} in the statistics.`,
  'visitor-told': ({ how }) =>
    told(how) ? 'The visitor is told that the conversation has ended.' : 'The visitor is not told.',
  'capacity-freed': ({ agentId, kind }) => `One ${room('en', kind)} place of ${agentId} is free again.`,
  'capacity-held': ({ agentId, kind }) => `It keeps one ${room('en', kind)} place of ${agentId}.`,
  'leaves-panel': () => 'It leaves the agent’s panel.',
  'stays-in-picking-list': () => 'It stays in the picking list.',
  'transcript-queued': () => 'The transcript will be sent by e-mail.',
  'export-queued': () => 'It will be exported to Zendesk.',
};

const FR: Record<EffectCode, Sentence> = {
  'survey-requested': () => 'L’enquête de satisfaction est demandée.',
  'survey-suppressed': ({ reason }) => `Aucune enquête n’est envoyée : ${why('fr', reason)}.`,
  'expert-unpaid': ({ agentId }) => `L’expert ${agentId} n’est pas payé pour cette conversation.`,
  'counts-for': ({ agentId }) =>
    agentId === null
      ? 'Elle n’est comptée pour aucun agent dans les statistiques.'
      : `Elle est comptée pour ${agentId} dans les statistiques.`,
  'visitor-told': ({ how }) =>
    told(how) ? 'Le visiteur est informé de la fin de la conversation.' : 'Le visiteur n’est pas informé.',
  'capacity-freed': ({ agentId, kind }) => `Une place ${room('fr', kind)} de ${agentId} est de nouveau libre.`,
  'capacity-held': ({ agentId, kind }) => `Elle garde une place ${room('fr', kind)} de ${agentId}.`,
  'leaves-panel': () => 'Elle quitte le panneau de l’agent.',
  'stays-in-picking-list': () => 'Elle reste dans la liste à prendre.',
  'transcript-queued': () => 'La transcription sera envoyée par e-mail.',
  'export-queued': () => 'Elle sera exportée vers Zendesk.',
};

const ES: Record<EffectCode, Sentence> = {
  'survey-requested': () => 'Se solicita la encuesta de satisfacción.',
  'survey-suppressed': ({ reason }) => `No se envía encuesta: ${why('es', reason)}.`,
  'expert-unpaid': ({ agentId }) => `El experto ${agentId} no cobra esta conversación.`,
  'counts-for': ({ agentId }) =>
    agentId === null
      ? 'No cuenta para ningún agente en las estadísticas.'
      : `Cuenta para ${agentId} en las estadísticas.`,
  'visitor-told': ({ how }) =>
    told(how) ? 'Se informa al visitante de que la conversación ha terminado.' : 'No se informa al visitante.',
  'capacity-freed': ({ agentId, kind }) => `Una plaza ${room('es', kind)} de ${agentId} vuelve a estar libre.`,
  'capacity-held': ({ agentId, kind }) => `Mantiene una plaza ${room('es', kind)} de ${agentId}.`,
  'leaves-panel': () => 'Sale del panel del agente.',
  'stays-in-picking-list': () => 'Permanece en la lista de selección.',
  'transcript-queued': () => 'La transcripción se enviará por correo.',
  'export-queued': () => 'Se exportará a Zendesk.',
};

const TEXTS: Record<Language, Record<EffectCode, Sentence>> = { en: EN, fr: FR, es: ES };

/** An effect in words, for people (A6); `data` as contract.md lists it for each code. */
export const effectText = (code: EffectCode, data: EffectData, language: Language): string =>
  TEXTS[language][code](data);
