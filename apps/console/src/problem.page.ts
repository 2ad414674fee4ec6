import { PROBLEMS, type ProblemKind } from '@parley/contracts/problem';
import { escape, page } from './html.js';

const kinds: ReadonlyMap<string, ProblemKind> = new Map(Object.entries(PROBLEMS));

/** `/problems/<slug>`, the `type` of every refusal; undefined: no such problem. */
export function problemPage(slug: string): string | undefined {
  const kind = kinds.get(slug);
  if (kind === undefined) return undefined;
  const { title, status, meaning, causes, whatToDo, retryable } = kind;
  return page(
    `${title} – Parley`,
    `<p><a href="/problems">All problems</a></p>
<h1>${escape(title)}</h1>
<p><code>${escape(slug)}</code>, HTTP ${status}</p>
<h2>What it means</h2>
<p>${escape(meaning)}</p>
<h2>Causes</h2>
<ul>
${causes.map((cause) => `<li>${escape(cause)}</li>`).join('\n')}
</ul>
<h2>What to do</h2>
<p>${escape(whatToDo)}</p>
<h2>Whether to retry</h2>
<p>${retryable ? 'Yes: the same request, unchanged, may succeed later. Keep its Idempotency-Key.' : 'No: the same request fails again.'}</p>`,
  );
}

export const problemList = (): string =>
  page(
    'Problems – Parley',
    `<h1>Problems</h1>
<table>
${[...kinds].map(([slug, { status, title }]) => `<tr><td>${status}</td><td><a href="/problems/${slug}">${escape(slug)}</a></td><td>${escape(title)}</td></tr>`).join('\n')}
</table>`,
  );
