import { escape, page, STYLE } from './html.js';
import { landingPage, type Links } from './landing.page.js';
import { problemList, problemPage } from './problem.page.js';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Site {
  readonly links: Links;
  /** Path → text; see {@link generatedDocuments}. */
  readonly documents: ReadonlyMap<string, string>;
}

const html = (body: string | undefined): Answer | undefined =>
  body === undefined ? undefined : { status: 200, type: 'text/html; charset=utf-8', body };
const json = (status: number, value: object): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

const typeOf = (path: string): string => {
  if (path.startsWith('/schemas/')) return 'application/schema+json';
  return path.endsWith('.yaml') ? 'application/yaml' : 'application/json';
};

const schemaList = (documents: Site['documents']): string => {
  const paths = [...documents.keys()].filter((path) => path.startsWith('/schemas/')).sort();
  const items = paths.map((path) => `<li><a href="${escape(path)}">${escape(path.split('/')[2] ?? path)}</a></li>`);
  return page('Schemas – Parley', `<h1>JSON Schemas of the event log</h1>\n<ul>\n${items.join('\n')}\n</ul>`);
};

/** What stands at a path; undefined: nothing. Pure: the server adds headers and the method's rules. */
export function answerAt(path: string, { links, documents }: Site): Answer | undefined {
  const document = documents.get(path);
  if (document !== undefined) return { status: 200, type: typeOf(path), body: document };
  switch (path) {
    case '/':
      return html(landingPage(links));
    case '/style.css':
      return { status: 200, type: 'text/css; charset=utf-8', body: STYLE };
    case '/problems':
      return html(problemList());
    case '/schemas':
      return html(schemaList(documents));
    case '/console/health/live':
    case '/console/health/ready':
      return json(200, { status: 'ok' });
    default:
      return path.startsWith('/problems/') ? html(problemPage(path.slice('/problems/'.length))) : undefined;
  }
}

export const nothingHere = (): Answer => ({
  status: 404,
  type: 'text/html; charset=utf-8',
  body: page('Not found – Parley', '<h1>There is no such page</h1>\n<p><a href="/">Parley</a></p>'),
});
