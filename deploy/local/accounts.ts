/** A person or machine of the seeded tenants: contract.md, "Seeded". The name is the token's subject and the agent's id. */
export interface Account {
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

const machine = [
  'channel:write',
  'lifecycle:pause',
  'lifecycle:close',
  'lifecycle:cancel',
  'lifecycle:reassign',
  'lifecycle:qualify',
  'read:events',
  'read:content',
  'read:stats',
];

const account = (name: string, role: string, scopes: readonly string[], tenant = 'demo'): Account => ({
  name,
  tenant,
  roles: [role],
  scopes,
});

export const accounts: readonly Account[] = [
  account('agent-1', 'agent', ['team:support']),
  account('agent-2', 'agent', ['team:support']),
  account('expert-1', 'agent', ['team:experts']),
  account('manager-1', 'manager', ['team:support', 'team:experts']),
  account('administrator-1', 'administrator', ['campaign:campaign-1']),
  account('administrator-2', 'administrator', ['campaign:site', 'campaign:experts', 'campaign:whatsapp']),
  account('super-administrator-1', 'super-administrator', ['tenant']),
  account('super-administrator-2', 'super-administrator', ['tenant']),
  account('auditor-1', 'auditor', ['tenant']),
  account('integration-1', 'integration', machine),
  account('other-manager-1', 'manager', ['team:support'], 'other'),
  account('other-agent-1', 'agent', ['team:support'], 'other'),
  account('other-integration-1', 'integration', machine, 'other'),
];

export const accountNamed = (name: string): Account | undefined => accounts.find((each) => each.name === name);
export const accountNames = (): string => accounts.map(({ name }) => name).join(', ');
