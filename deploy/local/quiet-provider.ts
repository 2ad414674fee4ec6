// Imported before the provider, which tells at length on the console that it runs as a development provider.
const isAboutItself = (line: unknown): boolean => typeof line === 'string' && line.includes('oidc-provider ');

for (const level of ['info', 'warn'] as const) {
  const print = console[level].bind(console);
  console[level] = (...line: unknown[]) => {
    if (!isAboutItself(line[0])) print(...line);
  };
}
