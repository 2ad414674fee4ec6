/** How a conversation of the demo ends, and in which share (contract.md, `npm run demo`). */
export const ENDINGS = [
  { ending: 'closed-by-agent', share: 60, accounts: ['site', 'whatsapp', 'campaign-1', 'campaign-2', 'messaging'] },
  { ending: 'closed-by-supervisor', share: 8, accounts: ['site', 'whatsapp'] },
  { ending: 'cancelled', share: 8, accounts: ['campaign-1'] },
  { ending: 'reassigned-and-closed', share: 6, accounts: ['site', 'whatsapp', 'messaging'] },
  { ending: 'paused-resumed-closed', share: 6, accounts: ['whatsapp'] },
  { ending: 'session-ended', share: 6, accounts: ['messaging'] },
  { ending: 'left-to-close-naturally', share: 6, accounts: ['whatsapp-fast'] },
] as const;

/** Which preset each account's conversations follow, as seeded (contract.md, "Seeded"). */
const PRESETS = {
  site: 'iadvize-onsite',
  whatsapp: 'iadvize-social',
  'whatsapp-fast': 'iadvize-social',
  'campaign-1': 'sellia-campaign',
  'campaign-2': 'sellia-campaign',
  messaging: 'zendesk-messaging',
} as const;

export type Account = keyof typeof PRESETS;
export type Preset = (typeof PRESETS)[Account];
export const presetOf = (account: Account): Preset => PRESETS[account];

export type Ending = (typeof ENDINGS)[number]['ending'];

export interface Part {
  number: number;
  ending: Ending;
  account: Account;
}

/** How often each of {@link ENDINGS}: by its share (largest remainder), and each at least once when there are enough. */
function countsOf(count: number): number[] {
  const exact = ENDINGS.map((row) => ({ row, quota: (count * row.share) / 100 }));
  const counts = exact.map(({ quota }) => Math.floor(quota));
  const missing = count - counts.reduce((sum, n) => sum + n, 0);
  const byRemainder = exact
    .map(({ quota }, index) => ({ index, remainder: quota - Math.floor(quota) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, missing)) counts[index] = (counts[index] ?? 0) + 1;
  if (count < ENDINGS.length) return counts;
  const lent = counts.filter((n) => n === 0).length;
  return counts.map((n, index) => (index === 0 ? n - lent : Math.max(n, 1)));
}

/** `count` parts, the ways of ending spread evenly over them. */
export function planParts(count: number): Part[] {
  const counts = countsOf(count);
  const spread = ENDINGS.flatMap((row, index) => {
    const n = counts[index] ?? 0;
    return Array.from({ length: n }, (_, k) => ({
      at: (k + 0.5) / n,
      ending: row.ending,
      account: row.accounts[k % row.accounts.length] ?? row.accounts[0],
    }));
  });
  return spread
    .sort((a, b) => a.at - b.at)
    .map(({ ending, account }, index) => ({ number: index + 1, ending, account }));
}

/** What the record must say of a part that was played to its end: status and, if closed, by what kind. */
export function expectedEnd(ending: Ending): string {
  switch (ending) {
    case 'closed-by-agent':
    case 'reassigned-and-closed':
    case 'paused-resumed-closed':
      return 'closed (agent)';
    case 'closed-by-supervisor':
      return 'closed (supervisor)';
    case 'cancelled':
      return 'cancelled (supervisor)';
    case 'session-ended':
      return 'wrap-up';
    case 'left-to-close-naturally':
      return 'closed (natural)';
  }
}
