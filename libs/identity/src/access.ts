import type { Role } from '@parley/contracts/actor';

/** The table of `domain`, handed in: who may use a verb at all. Rules live there, not here. */
export abstract class Access {
  abstract mayCall(roles: readonly Role[], scopes: readonly string[], verb: string): boolean;
}
