import { Controller } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { AgentCapacity, AgentPresence, CapacityBody } from '@parley/contracts/inbox-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { Presence } from './presence.js';

const mine = { path: 'agents/me/presence', answer: AgentPresence } as const;
const read = route({ ...mine, method: 'GET', summary: 'Your presence, as you set it last' });
const set = route({ ...mine, method: 'PUT', summary: 'Your presence; it stays as it was set', body: AgentPresence });

const room = {
  path: 'agents/:agentId/capacity',
  params: z.strictObject({ agentId: z.string() }),
  answer: AgentCapacity,
} as const;
const readRoom = route({ ...room, method: 'GET', summary: 'How much an agent holds, and may hold' });
const setRoom = route({
  ...room,
  method: 'PUT',
  summary: 'How much an agent may hold; a lower limit takes nothing away',
  body: CapacityBody,
  errors: ['forbidden-scope'],
});

@Controller()
export class PresenceController {
  constructor(private readonly presence: Presence) {}

  @Route(read)
  @Verb('presence.agent')
  read(@Input() _: InputOf<typeof read>, @CurrentPrincipal() { tenant, subject }: Principal) {
    return this.presence.of(tenant, subject);
  }

  @Route(set)
  @Verb('presence.agent')
  set(@Input() { body }: InputOf<typeof set>, @CurrentPrincipal() { tenant, subject }: Principal) {
    return this.presence.set(tenant, subject, body);
  }

  @Route(readRoom)
  @Verb('capacity.read')
  async readRoom(
    @Input() { params: { agentId } }: InputOf<typeof readRoom>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    await this.presence.reachAgent(tenant, agentId, caller);
    return this.presence.capacityOf(tenant, agentId);
  }

  @Route(setRoom)
  @Verb('capacity.set')
  async setRoom(
    @Input() { params: { agentId }, body }: InputOf<typeof setRoom>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    await this.presence.reachAgent(tenant, agentId, caller);
    return this.presence.setCapacity(tenant, agentId, body, caller);
  }
}
