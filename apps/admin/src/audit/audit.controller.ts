import { Controller } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { AuditPage, AuditQuery } from '@parley/contracts/admin-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import { Audit } from './audit.js';

const list = route({
  method: 'GET',
  path: 'audit',
  summary: 'Refused commands and signals, and administrative acts, the newest first',
  query: AuditQuery,
  answer: AuditPage,
});

@Controller()
export class AuditController {
  constructor(private readonly audit: Audit) {}

  @Route(list)
  @Verb('audit.read')
  list(
    @Input() { query }: InputOf<typeof list>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.audit.list(tenant, caller, query);
  }
}
