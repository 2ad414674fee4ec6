import { Controller } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { CommandAnswer } from '@parley/contracts/conversation';
import {
  CloseBody,
  HandOverBody,
  NoteBody,
  PlainCommandBody,
  QualifyBody,
  ReassignBody,
} from '@parley/contracts/inbox-http';
import type { ProblemSlug } from '@parley/contracts/problem';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { AsCommand, type CommandRequest } from '@parley/service/command-request';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { AgentCommands } from './agent-commands.js';
import type { Ask } from './ask.js';

const ALWAYS: ProblemSlug[] = ['forbidden-scope', 'erased', 'stale-target', 'stale-version', 'not-eligible-state'];
const DESK: ProblemSlug[] = [...ALWAYS, 'target-unavailable', 'capacity-full'];
const params = z.strictObject({ conversationId: z.string() });
const command = { method: 'POST', command: true, params, answer: CommandAnswer } as const;
const path = (verb: string): string => `conversations/:conversationId/${verb}`;

const pick = route({
  ...command,
  path: path('pick'),
  summary: 'Take a waiting conversation',
  body: PlainCommandBody,
  errors: DESK,
});
const resume = route({
  ...command,
  path: path('resume'),
  summary: 'Go on with one you paused',
  body: PlainCommandBody,
  errors: DESK,
});
const pause = route({
  ...command,
  path: path('pause'),
  summary: 'Off the panel, into the picking list; the visitor owes an answer (B10)',
  body: PlainCommandBody,
  errors: [...ALWAYS, 'feature-disabled'],
});
const giveBack = route({
  ...command,
  path: path('return-to-queue'),
  summary: 'Back to the queue',
  body: PlainCommandBody,
  errors: ALWAYS,
});
const reassign = route({
  ...command,
  path: path('reassign'),
  summary: 'Hand it to another agent',
  body: ReassignBody,
  errors: DESK,
});
const handOver = route({
  ...command,
  path: path('hand-over'),
  summary: 'A bot hands over to people',
  body: HandOverBody,
  errors: ALWAYS,
});
const close = route({
  ...command,
  path: path('close'),
  summary: 'Close and qualify (B1, B4, B5)',
  body: CloseBody,
  errors: [...ALWAYS, 'feature-disabled', 'category-required', 'subcategory-mismatch'],
});
const endSession = route({
  ...command,
  path: path('end-session'),
  summary: 'End the live session and keep the ticket (E1–E11)',
  body: PlainCommandBody,
  errors: [...ALWAYS, 'feature-disabled'],
});
const qualify = route({
  ...command,
  path: path('qualify'),
  summary: 'Tags and category, also after the close (B9)',
  body: QualifyBody,
  errors: [...ALWAYS, 'feature-disabled', 'subcategory-mismatch'],
});
const note = route({
  ...command,
  path: path('notes'),
  summary: 'A note for colleagues, also after the close (B9)',
  body: NoteBody,
  errors: [...ALWAYS, 'feature-disabled'],
});

const ask = (
  { conversationId }: z.infer<typeof params>,
  request: CommandRequest,
  caller: Caller,
  { tenant }: Principal,
): Ask => ({ tenant, caller, conversationId, request });

@Controller()
export class AgentCommandsController {
  constructor(private readonly commands: AgentCommands) {}

  @Route(pick)
  @Verb('pick')
  pick(
    @Input() { params, body }: InputOf<typeof pick>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.pick(ask(params, request, caller, principal), body);
  }

  @Route(resume)
  @Verb('resume')
  resume(
    @Input() { params, body }: InputOf<typeof resume>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.resume(ask(params, request, caller, principal), body);
  }

  @Route(pause)
  @Verb('pause')
  pause(
    @Input() { params, body }: InputOf<typeof pause>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.plain(ask(params, request, caller, principal), 'pause', body);
  }

  @Route(giveBack)
  @Verb('return-to-queue')
  giveBack(
    @Input() { params, body }: InputOf<typeof giveBack>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.plain(ask(params, request, caller, principal), 'returnToQueue', body);
  }

  @Route(reassign)
  @Verb('reassign')
  reassign(
    @Input() { params, body }: InputOf<typeof reassign>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.reassign(ask(params, request, caller, principal), body);
  }

  @Route(handOver)
  @Verb('hand-over')
  handOver(
    @Input() { params, body }: InputOf<typeof handOver>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.handOver(ask(params, request, caller, principal), body);
  }

  @Route(close)
  @Verb('close.agent')
  close(
    @Input() { params, body }: InputOf<typeof close>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.close(ask(params, request, caller, principal), body);
  }

  @Route(endSession)
  @Verb('end-session')
  endSession(
    @Input() { params, body }: InputOf<typeof endSession>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.plain(ask(params, request, caller, principal), 'endSession', body);
  }

  @Route(qualify)
  @Verb('qualify')
  qualify(
    @Input() { params, body }: InputOf<typeof qualify>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.qualify(ask(params, request, caller, principal), body);
  }

  @Route(note)
  @Verb('note')
  note(
    @Input() { params, body }: InputOf<typeof note>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() principal: Principal,
  ) {
    return this.commands.addNote(ask(params, request, caller, principal), body);
  }
}
