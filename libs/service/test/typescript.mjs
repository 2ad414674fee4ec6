import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

/** For a process of a test's own: our sources as they are, compiled when they are loaded. Node strips types, not decorators. */
const swcrc = fileURLToPath(new URL('../../../.swcrc', import.meta.url));
const { $schema: _, ...options } = JSON.parse(readFileSync(swcrc, 'utf8'));

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts');
    return next(isOurs ? specifier.replace(/js$/, 'ts') : specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, swcrc: false, filename });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
