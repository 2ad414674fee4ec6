import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));

/**
 * What both projects share. Workspace packages resolve to their TypeScript sources by the `source` condition; `import` or
 * `require` is added by Jest itself, and `import` here would give ES modules to a `require`.
 */
const project = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  // A package's own .js wins; only where there is none is `./x.js` the TypeScript source `./x.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'] },
  modulePathIgnorePatterns: [
    '<rootDir>/(apps|libs)/[^/]+/dist/',
    '<rootDir>/workflows/dist/',
    '<rootDir>/\\.(local|nx)/',
  ],
};

const withoutStack = ['walls', 'tidy', 'rules', 'local-stack'];

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  coverageReporters: [['text', { skipFull: true }]],
  collectCoverageFrom: ['libs/domain/src/**/*.ts'],
  coverageThreshold: { './libs/domain/src/': { branches: 100 } },
  projects: [
    {
      ...project,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{apps,libs}/*/test/**/*.test.ts',
        '<rootDir>/workflows/test/**/*.test.ts',
        `<rootDir>/test/{${withoutStack.join(',')}}/**/*.test.ts`,
      ],
    },
    {
      ...project,
      displayName: 'stack',
      runner: '<rootDir>/test/stack.runner.cjs',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: withoutStack.map((folder) => `<rootDir>/test/${folder}/`),
    },
  ],
};
