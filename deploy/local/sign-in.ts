import { accounts, type Account } from './accounts.ts';
import { escapeHtml } from './http.ts';

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  form { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .75rem; }
  button { font: inherit; text-align: start; padding: .75rem 1rem; border: 1px solid; border-radius: .5rem; background: none; color: inherit; cursor: pointer; }
  button:focus-visible, button:hover { outline: 3px solid Highlight; }
  small { display: block; opacity: .8; }
`;

export const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${style}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

const button = ({ name, tenant, scopes }: Account): string =>
  `<button name="account" value="${escapeHtml(name)}">${escapeHtml(name)}<small>${escapeHtml(`${tenant}: ${scopes.join(', ')}`)}</small></button>`;

/** One click a person: a development provider asks for no password. */
export const signInPage = (action: string): string =>
  page(
    'Who are you today?',
    `<form method="post" action="${escapeHtml(action)}">${accounts.map(button).join('')}</form>`,
  );
