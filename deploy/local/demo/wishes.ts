import { parseArgs, types } from 'node:util';

export interface Wishes {
  /** A file, or undefined for the project's own. */
  dialogues: string | undefined;
  count: number;
  speed: number;
  /** The state file of the stack to play on, or undefined for the one of `npm start`. */
  stack: string | undefined;
}

const OWN_COUNT = 12;
const COUNT_OF_A_FILE = 100;
const OPTIONS =
  '--dialogues=FILE.jsonl.gz, --count=N (a whole number above 0), --speed=X (above 0; 1 is a turn every 2 s), --stack=FILE';

/** @throws Error of one line that says which option is wrong and what it takes */
export function wishesOf(args: string[]): Wishes {
  const values = valuesOf(args);
  const count = Number(values.count ?? (values.dialogues === undefined ? OWN_COUNT : COUNT_OF_A_FILE));
  const speed = Number(values.speed);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new Error('--count takes a whole number from 1 to 10000');
  if (!(speed > 0 && speed <= 1000))
    throw new Error('--speed takes a number above 0, up to 1000; 1 is a turn every 2 s');
  return { dialogues: values.dialogues, count, speed, stack: values.stack };
}

const read = (args: string[]) =>
  parseArgs({
    args,
    options: {
      dialogues: { type: 'string' },
      count: { type: 'string' },
      speed: { type: 'string', default: '20' },
      stack: { type: 'string' },
    },
  }).values;

/** Node explains a wrong option in several lines about itself; the first sentence is enough, with what there is. */
function valuesOf(args: string[]): ReturnType<typeof read> {
  try {
    return read(args);
  } catch (error) {
    const [what = ''] = (types.isNativeError(error) ? error.message : String(error)).split(/\.\s/);
    throw new Error(`${what}. There are: ${OPTIONS}`);
  }
}
