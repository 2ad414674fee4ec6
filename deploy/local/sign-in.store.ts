import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { z } from 'zod';

const entry = z.object({
  payload: z.looseObject({ uid: z.string().optional(), grantId: z.string().optional() }),
  expiresAt: z.number(),
});
type Entry = z.infer<typeof entry>;

const saveAfterMs = 200;
const dayMs = 86_400_000;

/** Who is signed in where, in one small file: a restart of the stack signs nobody out. */
export class SignInStore {
  readonly #file: string;
  readonly #entries: Map<string, Entry>;
  #saving: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#entries = new Map(
      existsSync(file) ? z.array(z.tuple([z.string(), entry])).parse(JSON.parse(readFileSync(file, 'utf8'))) : [],
    );
  }

  readonly adapter: AdapterFactory = (model) => this.#of(model);

  #of(model: string): Adapter {
    const keyOf = (id: string): string => `${model}:${id}`;
    return {
      upsert: async (id, payload, expiresIn) => {
        this.#set(keyOf(id), payload, expiresIn);
      },
      find: async (id) => this.#get(keyOf(id)),
      findByUid: async (uid) => this.#values(model).find((payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const known = this.#entries.get(keyOf(id));
        if (known) known.payload['consumed'] = Math.floor(Date.now() / 1_000);
        this.#save();
      },
      destroy: async (id) => {
        this.#entries.delete(keyOf(id));
        this.#save();
      },
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(key);
        this.#save();
      },
    };
  }

  #set(key: string, payload: AdapterPayload, expiresIn: number | undefined): void {
    // A copy as JSON has it: what is read back after a restart is what was read before it.
    const copy: unknown = JSON.parse(JSON.stringify(payload));
    const known = entry.parse({ payload: copy, expiresAt: Date.now() + (expiresIn ?? dayMs / 1_000) * 1_000 });
    this.#entries.set(key, known);
    this.#save();
  }

  #get(key: string): Entry['payload'] | undefined {
    const known = this.#entries.get(key);
    return known && known.expiresAt > Date.now() ? known.payload : undefined;
  }

  #values(model: string): Entry['payload'][] {
    return [...this.#entries].flatMap(([key, { payload }]) => (key.startsWith(`${model}:`) ? [payload] : []));
  }

  #save(): void {
    this.#saving ??= setTimeout(() => {
      this.#saving = undefined;
      const now = Date.now();
      for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key);
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.new`, JSON.stringify([...this.#entries]), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    }, saveAfterMs).unref();
  }
}
