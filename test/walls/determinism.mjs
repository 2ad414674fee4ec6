/**
 * What the two deterministic rooms may not say. Chance or the clock in a query, a validator or a handler of a workflow
 * corrupts replay without any error, so workflow code may not name them at all; the exceptions are one file each.
 */
/** Importing it, under whatever name, or calling it through a namespace. */
const named = (name) => `:matches(ImportSpecifier[imported.name=${name}], MemberExpression[property.name=${name}])`;

const RANDOM = { object: 'Math', property: 'random' };
const NOW = { object: 'Date', property: 'now' };
const UUID = named('/^(uuid4|randomUUID)$/');
const PATCHED = named('/^(patched|deprecatePatch)$/');
const NEW_DATE = ':matches(NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"])';
const MODULE_STATE = ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind!="const"]';
const OUTSIDE = [
  'process',
  'fetch',
  'crypto',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];

const rules = (properties, syntax, globalsMessage) => ({
  'no-restricted-globals': ['error', ...OUTSIDE.map((name) => ({ name, message: globalsMessage }))],
  'no-restricted-properties': ['error', ...properties],
  'no-restricted-syntax': ['error', ...syntax],
});

const DOMAIN = {
  clock: 'The domain knows no clock: the instant is an argument.',
  chance: 'The domain knows no chance: the same history decides the same.',
  promise: 'The domain knows no promise: it decides at once.',
  outside: 'The domain knows nothing outside itself: what it needs is an argument.',
  state: 'The domain keeps no state between two calls.',
};

export const domainRules = (style) =>
  rules(
    [
      { ...NOW, message: DOMAIN.clock },
      { ...RANDOM, message: DOMAIN.chance },
    ],
    [
      ...style,
      { selector: NEW_DATE, message: DOMAIN.clock },
      { selector: ':function[async=true]', message: DOMAIN.promise },
      { selector: MODULE_STATE, message: DOMAIN.state },
    ],
    DOMAIN.outside,
  );

const WORKFLOW = {
  clock: 'The clock is read in workflows/src/clock.ts and nowhere else in workflow code.',
  chance: 'No chance in workflow code: ids come from the run’s first id and a counter.',
  patched: 'patched() is read in workflows/src/ruleset.ts and nowhere else in workflow code.',
  outside: 'A workflow reaches the outside only by an activity, and waits only by condition() and sleep().',
  state: 'Module state is shared by every workflow of a worker and lost on replay: keep state in the run.',
};

/** `may` names what one file may say: `patched` in workflows/src/ruleset.ts, `clock` in workflows/src/clock.ts. */
export const workflowRules = (style, may) =>
  rules(
    [{ ...RANDOM, message: WORKFLOW.chance }, ...(may === 'clock' ? [] : [{ ...NOW, message: WORKFLOW.clock }])],
    [
      ...style,
      { selector: UUID, message: WORKFLOW.chance },
      { selector: MODULE_STATE, message: WORKFLOW.state },
      ...(may === 'patched' ? [] : [{ selector: PATCHED, message: WORKFLOW.patched }]),
      ...(may === 'clock' ? [] : [{ selector: NEW_DATE, message: WORKFLOW.clock }]),
    ],
    WORKFLOW.outside,
  );
