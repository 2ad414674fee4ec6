import { randomUUID } from 'node:crypto';
import { admin, inbox } from './actors.ts';

/**
 * Who may do what in which status, written out from mission.md (A, B, D, E and the command table), reliability.md
 * section 5 and contract.md's order of refusals; never from what the code answers. A line is
 * `accounts | who | a verdict a status`, in the order of {@link STATUSES}; one verdict alone is that of every status, and
 * `-` is where HTTP does not reach. agent-1 is the assignee, in `closed` and `cancelled` the one it counts for.
 */

export const ACCOUNTS = ['site', 'whatsapp', 'campaign-1', 'messaging', 'messaging-off'] as const;
export const STATUSES = [
  'in-queue',
  'agents-offline',
  'returned',
  'assigned',
  'active',
  'paused',
  'wrap-up',
  'closed',
  'cancelled',
] as const;
export type Account = (typeof ACCOUNTS)[number];
export type Status = (typeof STATUSES)[number];

/** Those that every conversation comes to, and those that one policy alone has. */
export const statusesOf = (account: Account): Status[] =>
  STATUSES.filter((status) => (ONLY[status] ?? account) === account);
const ONLY: Partial<Record<Status, Account>> = {
  paused: 'whatsapp',
  'wrap-up': 'messaging',
  cancelled: 'campaign-1',
};

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
}
export interface Rule {
  /** As the pages say it. */
  name: string;
  call: (conversationId: string) => Call;
  /** What `ok` stands for; a read has no outcome. */
  ok: string;
  cells: string;
}

const VERDICTS: Record<string, string> = {
  role: '403 FORBIDDEN_ROLE',
  scope: '403 FORBIDDEN_SCOPE',
  off: '409 FEATURE_DISABLED',
  state: '409 NOT_ELIGIBLE_STATE',
  category: '422 CATEGORY_REQUIRED',
  again: '200 already-closed',
  none: '404 not-found',
};

export interface Cell {
  account: Account;
  status: Status;
  who: string;
  verdict: string;
}

/** The table's cells. @throws Error where a line cannot be read, or two lines speak of one cell */
export function cellsOf({ name, ok, cells }: Rule): Cell[] {
  const found = new Map<string, Cell>();
  for (const line of cells.trim().split('\n')) {
    const [accounts = '', who = '', verdicts = ''] = line.split('|').map((part) => part.trim());
    for (const cell of cellsOfLine(accounts, who, verdicts.split(/\s+/), ok)) {
      const key = `${cell.account} ${cell.status} ${cell.who}`;
      if (found.has(key)) throw new Error(`${name}: two lines speak of ${key}`);
      found.set(key, cell);
    }
  }
  return [...found.values()];
}

function cellsOfLine(accounts: string, who: string, verdicts: string[], ok: string): Cell[] {
  const named = accounts === 'all' ? ACCOUNTS : ACCOUNTS.filter((each) => accounts.split(/\s+/).includes(each));
  return named.flatMap((account) =>
    statusesOf(account).flatMap((status) =>
      who.split(/\s+/).map((person) => {
        const word = verdicts.length === 1 ? verdicts[0] : verdicts[STATUSES.indexOf(status)];
        const verdict = word === 'ok' ? `200 ${ok}`.trim() : VERDICTS[word ?? ''];
        if (verdict === undefined) throw new Error(`no verdict "${String(word)}" for ${account} ${status} ${person}`);
        return { account, status, who: person, verdict };
      }),
    ),
  );
}

const post =
  (path: (id: string, verb: string) => string, verb: string, body: unknown = {}) =>
  (id: string): Call => ({ method: 'POST', path: path(id, verb), body });
const get =
  (path: (id: string, verb: string) => string, part = '') =>
  (id: string): Call => ({ method: 'GET', path: path(id, part).replace(/\/$/, '') });

/** administrator-1 is appointed for campaign-1, administrator-2 for site and whatsapp (D2). */
const OUT_OF_SCOPE = `
  site whatsapp messaging messaging-off | administrator-1 | scope
  campaign-1 messaging messaging-off    | administrator-2 | scope`;
const NO_SUPERVISOR = `
  all | manager-1 administrator-1 administrator-2 super-administrator-1 auditor-1 | role`;
const IN_SCOPE = `
  all           | manager-1 super-administrator-1 | ok
  campaign-1    | administrator-1 | ok
  site whatsapp | administrator-2 | ok${OUT_OF_SCOPE}`;
const REASSIGNABLE = `
  site whatsapp messaging messaging-off | manager-1 super-administrator-1 integration-1 | ok ok ok ok ok ok state state -
  site whatsapp | administrator-2 | ok ok ok ok ok ok - state -
  campaign-1    | manager-1 administrator-1 super-administrator-1 integration-1 | state ok state ok ok - - state state${OUT_OF_SCOPE}
  all           | auditor-1 | role`;
const AMENDABLE = `${IN_SCOPE}
  all | agent-1         | scope scope scope ok ok ok ok ok ok
  all | agent-2         | scope
  all | integration-1   | ok
  all | auditor-1       | role
  all | other-agent-1   | none`;

//                       in-queue agents-offline returned assigned active paused wrap-up closed cancelled
export const RULES: Rule[] = [
  {
    name: 'A3, A4: a supervisor closes what has not ended, an agent not by this route',
    call: post(admin, 'close'),
    ok: 'closed',
    cells: `
  site whatsapp           | manager-1 administrator-2 super-administrator-1 integration-1 | ok  ok  ok  ok  ok  ok - again -
  campaign-1              | manager-1 administrator-1 super-administrator-1 integration-1 | off off off off off - - again again
  messaging messaging-off | manager-1 super-administrator-1 | off off off off off - off again -
  messaging messaging-off | integration-1                   | ok  ok  ok  ok  ok  - ok  again -${OUT_OF_SCOPE}
  all                     | agent-1 agent-2 auditor-1 | role
  all                     | other-manager-1 other-integration-1 | none`,
  },
  {
    name: 'D2, D5, D7: administrators cancel inside their campaigns, in five statuses, where policy has it',
    call: post(admin, 'cancel', { category: 'spam' }),
    ok: 'cancelled',
    cells: `
  campaign-1              | administrator-1 super-administrator-1 integration-1 | state ok state ok ok - - again again
  site whatsapp           | administrator-2 super-administrator-1 integration-1 | off off off off off off - again -
  messaging messaging-off | super-administrator-1 integration-1 | off off off off off - off again -${OUT_OF_SCOPE}
  all                     | agent-1 agent-2 manager-1 auditor-1 | role
  all                     | other-integration-1 | none`,
  },
  {
    name: 'D6: a category is asked of those only who may, and where they may',
    call: post(admin, 'cancel'),
    ok: 'cancelled',
    cells: `
  campaign-1              | administrator-1 super-administrator-1 integration-1 | state category state category category - - again again
  site whatsapp           | administrator-2 super-administrator-1 integration-1 | off off off off off off - again -
  messaging messaging-off | super-administrator-1 integration-1 | off off off off off - off again -${OUT_OF_SCOPE}
  all                     | agent-1 agent-2 manager-1 auditor-1 | role
  all                     | other-integration-1 | none`,
  },
  {
    name: 'D4: supervisors reassign within their scope, where sellia has it in five statuses',
    call: post(admin, 'reassign', { to: 'agent-2' }),
    ok: 'reassigned',
    cells: `${REASSIGNABLE}
  all | agent-1 agent-2 | role
  all | other-manager-1 other-integration-1 | none`,
  },
  {
    name: 'D4: an agent hands over its own',
    call: post(inbox, 'reassign', { to: 'agent-2' }),
    ok: 'reassigned',
    cells: `${REASSIGNABLE}
  all | agent-1 | scope scope scope ok ok ok state state state
  all | agent-2 | scope
  all | other-agent-1 other-integration-1 | none`,
  },
  {
    name: 'A1, B10: agents of the group pick what waits, also what is paused',
    call: post(inbox, 'pick'),
    ok: 'assigned',
    cells: `${NO_SUPERVISOR}
  all | agent-1 agent-2 | ok ok ok state state ok state state state
  all | integration-1   | role
  all | other-agent-1   | none`,
  },
  {
    name: 'B10: the assignee pauses, and a machine, where policy has it',
    call: post(inbox, 'pause'),
    ok: 'paused',
    cells: `${NO_SUPERVISOR}
  whatsapp                                | agent-1       | scope scope scope ok  ok  state - state -
  site campaign-1 messaging messaging-off | agent-1       | scope scope scope off off - off off off
  whatsapp                                | integration-1 | state state state ok  ok  state - state -
  site campaign-1 messaging messaging-off | integration-1 | off
  all                                     | agent-2       | scope
  all                                     | other-agent-1 other-integration-1 | none`,
  },
  {
    name: 'B10, B11: the assignee resumes what is paused, and nobody what has ended',
    call: post(inbox, 'resume'),
    ok: 'resumed',
    cells: `${NO_SUPERVISOR}
  all | agent-1       | scope scope scope state state ok state state state
  all | agent-2       | scope
  all | integration-1 | role
  all | other-agent-1 | none`,
  },
  {
    name: 'B11: the assignee gives back what is in hand',
    call: post(inbox, 'return-to-queue'),
    ok: 'returned',
    cells: `${NO_SUPERVISOR}
  all | agent-1       | scope scope scope ok ok state state state state
  all | agent-2       | scope
  all | integration-1 | role
  all | other-agent-1 | none`,
  },
  {
    name: 'B11, D8: after the flow nobody hands over, nor enters it again for the customer',
    call: post(inbox, 'hand-over'),
    ok: 'queued',
    cells: `${NO_SUPERVISOR}
  all | agent-1 agent-2     | role
  all | integration-1       | state
  all | other-integration-1 | none`,
  },
  {
    name: 'B1, E10: the assignee closes, in wrap-up too',
    call: post(inbox, 'close'),
    ok: 'closed',
    cells: `${NO_SUPERVISOR}
  all | agent-1       | scope scope scope ok ok ok ok again again
  all | agent-2       | scope
  all | integration-1 | role
  all | other-agent-1 | none`,
  },
  {
    name: 'E1: the assignee ends the session, where an administrator turned it on',
    call: post(inbox, 'end-session'),
    ok: 'session-ended',
    cells: `${NO_SUPERVISOR}
  messaging                              | agent-1 | scope scope scope ok  ok  - state state -
  site whatsapp campaign-1 messaging-off | agent-1 | scope scope scope off off off - off off
  all                                    | agent-2 | scope
  all                                    | integration-1 | role
  all                                    | other-agent-1 | none`,
  },
  {
    name: 'B11, E3: only the assignee writes, while messaging is open',
    call: (id) => ({ method: 'POST', path: inbox(id, 'messages'), body: { id: `a-${randomUUID()}`, text: 'Hello.' } }),
    ok: 'message-sent',
    cells: `${NO_SUPERVISOR}
  all | agent-1       | scope scope scope ok ok state state state state
  all | agent-2       | scope
  all | integration-1 | role
  all | other-agent-1 | none`,
  },
];

/** After an end only while its run still holds it, a few seconds here: what comes later is a workflow of its own (README). */
export const AMENDMENTS: Rule[] = [
  {
    name: 'B9: tags and categories live and after the close, by whom it belongs to',
    call: post(inbox, 'qualify', { category: 'spam' }),
    ok: 'qualified',
    cells: AMENDABLE,
  },
  {
    name: 'B5, B9: notes live and after the close, by whom it belongs to',
    call: post(inbox, 'notes', { text: 'A note.' }),
    ok: 'note-added',
    cells: AMENDABLE,
  },
];

const READABLE = `${IN_SCOPE}
  all | agent-1         | ok
  all | agent-2         | ok ok ok scope scope ok scope scope scope
  all | integration-1   | ok
  all | other-agent-1 other-manager-1 other-integration-1 | none`;

export const READS: Rule[] = [
  {
    name: 'A10, D2: a conversation is read by whom it belongs to',
    call: get(inbox),
    ok: '',
    cells: `${READABLE}
  all | auditor-1 | ok`,
  },
  {
    name: 'A10, D2: and so on the supervisors’ side',
    call: get(admin),
    ok: '',
    cells: `${READABLE}
  all | auditor-1 | ok`,
  },
  {
    name: 'B13: what was said, too, and by no auditor',
    call: get(inbox, 'messages'),
    ok: '',
    cells: `${READABLE}
  all | auditor-1 | role`,
  },
  {
    name: 'X6: why it is so, by supervisors and auditors',
    call: get(admin, 'explain'),
    ok: '',
    cells: `${IN_SCOPE}
  all | auditor-1 | ok
  all | agent-1 agent-2 integration-1 | role
  all | other-manager-1 | none`,
  },
];
