import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, Client, field, textAt } from '../../deploy/local/demo/client.ts';
import { tokenFrom } from '../../deploy/local/token-client.ts';

/** The running test stack (`npm test` brings it up), as its state file describes it. */
const file = process.env['PARLEY_STACK'] ?? join(import.meta.dirname, '..', '..', '.local', 'test', 'stack.json');
export const stack: unknown = JSON.parse(readFileSync(file, 'utf8'));
export const at = (...path: string[]): string => textAt(stack, ...path);
export const issuer = at('issuer');
export const gateway = at('gateway');

const tokens = new Map<string, Promise<string>>();
const clients = new Map<string, Client>();

/** The one access token of an account for this test file. */
export function tokenOf(account: string): Promise<string> {
  const token = tokens.get(account) ?? tokenFrom(issuer, account);
  tokens.set(account, token);
  return token;
}

/** From now on this name is an account too, beside the seeded ones. */
export const introduce = (account: string, token: string): void => void tokens.set(account, Promise.resolve(token));

/** The public API as one account. */
export function as(account: string): Client {
  const client = clients.get(account) ?? new Client(gateway, () => tokenOf(account));
  clients.set(account, client);
  return client;
}

/** The API with whatever token, or none. */
export const withToken = (token: string): Client => new Client(gateway, () => Promise.resolve(token));

export const reasonOf = (answer: Answer): unknown => field(answer.body, 'reasonCode');
/** `409 NOT_ELIGIBLE_STATE`, `200 closed`: an answer in one comparable line. */
export function verdict(answer: Answer): string {
  const words = ['reasonCode', 'outcome', 'type'].map((name) => field(answer.body, name));
  const word = words.find((each) => typeof each === 'string') ?? '';
  return `${answer.status} ${word.replace('/problems/', '')}`.trim();
}

export { field, textAt };
export type { Answer, Client };
