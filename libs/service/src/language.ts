export const LANGUAGES = ['en', 'fr', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The best of ours that Accept-Language names (RFC 9110, 12.5.4); English when it names none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '')
    .slice(0, 1000)
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = /^\s*q=(\d(?:\.\d{1,3})?)\s*$/.exec(parameters[0] ?? 'q=1')?.[1] ?? '0';
      return { primary: range.split('-')[0] ?? '', weight: Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { primary } of wanted) {
    const match = LANGUAGES.find((language) => language === primary);
    if (match !== undefined) return match;
    if (primary === '*') return 'en';
  }
  return 'en';
}
