import { migration, rowLevelSecurity } from '@parley/persistence/migration';

/** Instants are RFC 3339 UTC texts of one form: they compare as instants do, byte by byte. */
const INSTANT = 'text collate "C"';

/** The copy of both logs, and their fold. */
const LIFE = [
  `create table event (
     tenant text not null, conversation_id text not null, sequence integer not null, type text not null,
     time ${INSTANT} not null, body jsonb not null,
     primary key (tenant, conversation_id, sequence))`,
  `create table message_event (
     tenant text not null, conversation_id text not null, message_number integer not null,
     after_sequence integer not null, time ${INSTANT} not null, body jsonb not null,
     primary key (tenant, conversation_id, message_number))`,
  `create table conversation (
     tenant text not null, id text not null, thread_id text not null, last integer not null default 0,
     state jsonb, status text, ended boolean, channel_account text, campaign text, group_id text, contact_id text,
     agent text, started_at ${INSTANT}, last_message_at ${INSTANT}, idle_since ${INSTANT}, deadline_at ${INSTANT},
     deadline_order ${INSTANT}, next_conversation_id text, past_groups text[] not null default '{}', past_campaigns text[] not null default '{}',
     search text, gap_at integer, state_seen text collate "C" not null default '', position bigint,
     primary key (tenant, id))`,
  `create index conversation_thread on conversation (tenant, thread_id)`,
  `create index conversation_contact on conversation (tenant, contact_id)`,
  `create index conversation_position on conversation (tenant, position)`,
  `create index conversation_started on conversation (tenant, started_at, id)`,
  `create index conversation_live on conversation (tenant, started_at, id) where not ended`,
  `create index conversation_gap on conversation (tenant, id) where gap_at is not null`,
  ...['event', 'message_event', 'conversation'].flatMap((table) => rowLevelSecurity(table)),
];

/** The audit is only ever added to: no update, no delete, not even by us. */
const AUDIT = [
  `create table audit (
     tenant text not null, id text not null, time ${INSTANT} not null, type text not null, service text not null,
     act text not null, actor_id text, conversation_id text, reason text, record jsonb not null,
     primary key (tenant, id))`,
  `create index audit_time on audit (tenant, time, id)`,
  `create index audit_conversation on audit (tenant, conversation_id, time)`,
  `create function refuse_change() returns trigger language plpgsql as
     $$ begin raise exception 'The audit is append-only.'; end $$`,
  `create trigger append_only before update or delete on audit for each row execute function refuse_change()`,
  ...rowLevelSecurity('audit'),
];

const CONFIGURATION = [
  `create table configuration (
     tenant text not null, kind text not null, key text not null, version integer not null, value jsonb,
     changed_at ${INSTANT} not null, seen_version integer not null default 0,
     primary key (tenant, kind, key))`,
  `create table policy_version (
     tenant text not null, name text not null, version integer not null, policy jsonb not null,
     changed_at ${INSTANT} not null,
     primary key (tenant, name, version))`,
  `create table comment (
     tenant text not null, id text not null, conversation_id text not null, contact_id text not null,
     by text not null, at ${INSTANT} not null, body bytea not null,
     primary key (tenant, id))`,
  `create index comment_conversation on comment (tenant, conversation_id, at)`,
  ...['configuration', 'policy_version', 'comment'].flatMap((table) => rowLevelSecurity(table)),
];

export const MIGRATIONS = [
  migration('admin-1-life', LIFE),
  migration('admin-2-audit', AUDIT),
  migration('admin-3-configuration', CONFIGURATION),
];
