import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '@parley/contracts/command';
import { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import * as g from './given.js';
import { ana, ben, given, program, system, type Order } from './given.js';
import { PLACES, standing, type Place } from './situations.js';

/**
 * mission.md, *Commands*, written out: where each command leads from each status, or why it does not. `=`: stays there;
 * `x`: not eligible there; `–`: not the agent's own there; `first`: has ended, answered with the first record.
 */
const TABLE = `
                          bot        pending    assigned   active     paused     wrap-up    closed  cancelled
start                     x          x          x          x          x          x          x       x
reactivate                x          x          x          x          x          x          x       pending
message of the visitor    =          =          =          =          pending    x          x       x
message with a lease      =          =          =          =          active     x          x       x
message of the agent      –          –          active     =          x          x          x       x
hand over                 pending    x          x          x          x          x          x       x
reason changes            x          =          x          x          x          x          x       x
assign                    x          assigned   x          x          x          x          x       x
pick                      x          assigned   x          x          assigned   x          x       x
reassign by a supervisor  x          assigned   assigned   assigned   assigned   x          x       x
reassign by a program     x          assigned   assigned   assigned   assigned   x          x       x
reassign by the agent     –          –          assigned   assigned   assigned   x          x       x
pause by the agent        –          –          paused     paused     x          x          x       x
pause by a program        x          x          paused     paused     x          x          x       x
resume                    –          –          x          x          active     x          x       x
return to queue           –          –          pending    pending    x          x          x       x
close by the agent        –          –          closed     closed     closed     closed     first   first
close by a supervisor     closed     closed     closed     closed     closed     closed     first   first
close by a program        closed     closed     closed     closed     closed     closed     first   first
cancel by a program       cancelled  cancelled  cancelled  cancelled  cancelled  cancelled  first   first
end session by the agent  –          –          wrap-up    wrap-up    x          x          x       x
session ends otherwise    x          x          wrap-up    wrap-up    x          x          x       x
visitor left              =          =          =          =          =          =          x       x
inactivity                closed     closed     wrap-up    wrap-up    closed     =          x       x
qualify                   –          –          =          =          =          =          =       =
add note                  –          –          =          =          =          =          =       =
transaction               =          =          =          =          =          =          =       =
survey answered           x          x          x          x          x          x          =       x
rate                      –          –          =          =          =          =          =       =
erase                     closed     closed     closed     closed     closed     closed     =       =
`;
const ORDERS: Record<string, Order> = {
  start: g.start,
  reactivate: g.reactivate,
  'message of the visitor': g.message(),
  'message with a lease': g.message({ lease: g.granted }),
  'message of the agent': g.message({ caller: ana, author: 'agent' }),
  'hand over': g.handOver(),
  'reason changes': g.requeue('icr'),
  assign: g.assign(),
  pick: g.pick(ben),
  'reassign by a supervisor': g.reassign(),
  'reassign by a program': g.reassign({ caller: program }),
  'reassign by the agent': g.reassign({ caller: ana }),
  'pause by the agent': g.pause(),
  'pause by a program': g.pause({ caller: program }),
  resume: g.resume(),
  'return to queue': g.returnToQueue(),
  'close by the agent': g.close(),
  'close by a supervisor': g.closeBy(g.manager),
  'close by a program': g.closeBy(program),
  'cancel by a program': g.cancel({ caller: program }),
  'end session by the agent': g.endSession(),
  'session ends otherwise': g.endSession({ caller: system }),
  'visitor left': g.visitorLeft(),
  inactivity: g.deadline(),
  qualify: g.qualify({ tags: ['new'] }),
  'add note': g.addNote(),
  transaction: g.trackTransaction(),
  'survey answered': g.answerSurvey(),
  rate: g.rate(),
  erase: g.erase(),
};

const [head = '', ...lines] = TABLE.split('\n').slice(1, -1);
const COLUMNS = head.trim().split(/\s+/);
const ROWS = lines.map((line) => ({ name: line.slice(0, 26).trim(), cells: line.slice(26).trim().split(/\s+/) }));

const statusOf = (place: Place): string => place.split(':')[0] ?? '';
const orderOf = (name: string): Order => ORDERS[name] ?? g.start;
const CELLS = ROWS.flatMap(({ name, cells }) =>
  PLACES.map((place) => ({ name, place, cell: cells[COLUMNS.indexOf(statusOf(place))] ?? '' })),
);
const REFUSALS: Record<string, string> = { x: 'NOT_ELIGIBLE_STATE', '–': 'FORBIDDEN_SCOPE' };
const outcomeOf = (name: string, place: Place) => given(...standing(place), g.after(3_600_000)).when(orderOf(name));

describe('every command from every status', () => {
  test.each(CELLS)('$name from $place: $cell', ({ name, place, cell }) => {
    const { decision, then, state } = outcomeOf(name, place);
    const from = statusOf(place);
    if (cell in REFUSALS) expect(decision).toEqual({ kind: 'refused', reason: REFUSALS[cell] });
    else if (cell === 'first')
      expect(decision).toMatchObject({ kind: 'unchanged', outcome: 'already-closed', record: { status: from } });
    else {
      expect(['decided', 'unchanged']).toContain(decision.kind);
      expect(state.status).toBe(cell === '=' ? from : cell);
    }
    expect(then.map((event) => LifecycleEvent.parse(event))).toEqual(then);
    if (decision.kind === 'decided' && !decision.outcome.startsWith('message-'))
      expect(then.map(({ type }) => type)).toContain(`conversation.${decision.outcome}`);
  });
  test.each(CELLS)('$name from $place: its events are numbered on, each from where the one before left it', (cell) => {
    const { then, before } = outcomeOf(cell.name, cell.place);
    const sequence = before?.sequence ?? 0;
    expect(then.map((event) => event.sequence)).toEqual(then.map((_, index) => sequence + 1 + index));
    expect(then.map((event) => event.statusFrom)).toEqual(
      [before?.status, ...then.map((event) => event.statusTo)].slice(0, then.length),
    );
  });
  test('no command, no status and no cell is missing, and each command is one that the contract lets through', () => {
    const { world } = given(...standing('active'));
    const commands = ROWS.map(({ name }) => orderOf(name)(world));
    expect(new Set(commands.map(({ type }) => type))).toEqual(new Set(Object.keys(COMMANDS)));
    for (const command of commands) expect(COMMANDS[command.type].safeParse(command)).toMatchObject({ success: true });
    for (const { cells } of ROWS) expect(cells).toHaveLength(COLUMNS.length);
    expect(new Set(PLACES.map(statusOf))).toEqual(new Set(COLUMNS));
  });
});
