import { SetMetadata } from '@nestjs/common';

export const VERB = Symbol('parley.verb');
export const PUBLIC = Symbol('parley.public');

/** What a route does, as `domain`'s access table names it. */
export const Verb = (verb: string): MethodDecorator & ClassDecorator => SetMetadata(VERB, verb);

/** A route that asks for no access token: signed hooks, visitor tokens, survey links bring their own proof. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);
