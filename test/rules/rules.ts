import { tree } from '../tidy/tree.ts';
import { citations, RULES } from './citations.ts';

const cited = tree()
  .filter(({ path }) => path.endsWith('.test.ts'))
  .flatMap(({ path, text }) => citations(path, text).map((citation) => ({ ...citation, path })));

for (const rule of RULES) {
  for (const { name, path } of cited.filter((citation) => citation.rule === rule)) {
    console.log(`${rule.padEnd(4)}${name}  ·  ${path}`);
  }
}

const untested = RULES.filter((rule) => !cited.some((citation) => citation.rule === rule));
console.log(
  `\n${RULES.length - untested.length} of ${RULES.length} rules have a test. Without one: ${untested.join(' ') || 'none'}`,
);
