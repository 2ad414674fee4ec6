import { expect, test } from '@jest/globals';
import { workflowBundle } from '../../test/workflow/bundle.js';

/** A schema library at the top of the bundle costs memory for every cached conversation and takes workers down (TS#2227). */
test('what runs in the sandbox is the rules, the SDK and nothing else of weight', async () => {
  const { code } = await workflowBundle();
  const modules = [...code.matchAll(/^\/\*\*\*\/ "(\.[^"]+)"/gm)].map(([, path]) => path ?? '');
  const foreign = modules.filter(
    (path) => path.includes('node_modules/') && !/@temporalio|nexus-rpc|\/long\//.test(path),
  );
  expect(modules.length).toBeGreaterThan(50);
  expect(foreign).toEqual([]);
  const ours = modules.filter((path) => path.startsWith('./libs/contracts/'));
  expect(ours.map((path) => path.split('/').at(-1)).sort()).toEqual([
    'identifiers.ts',
    'protocol.ts',
    'signed.ts',
    'tag.ts',
  ]);
});
