/** What visitors and agents write, on its way into conversations. */
export const MESSAGE_TABLES = [
  `create table contact (
     tenant text not null, id text not null, channel_account text not null, external_key text not null,
     profile bytea not null, language text, online boolean not null, authenticated boolean not null,
     created_at timestamptz not null,
     primary key (tenant, id), unique (tenant, channel_account, external_key))`,
  `create table thread (
     tenant text not null, id text not null, channel_account text not null, contact_id text not null,
     last_position integer not null default 0, has_past boolean not null default false,
     waiting boolean not null default false, next_attempt_at timestamptz not null default now(),
     attempts integer not null default 0, held_why text, held_since timestamptz,
     owner text, epoch integer not null default 0, leased_until timestamptz,
     primary key (tenant, id))`,
  `create index thread_contact on thread (tenant, contact_id)`,
  `create index thread_waiting on thread (next_attempt_at) where waiting`,
  `create table message (
     tenant text not null, id text not null, thread_id text not null, contact_id text not null,
     position integer not null, channel_account text not null, source_key text,
     state text not null check (state in ('stored', 'handed', 'placed', 'published', 'refused', 'withdrawn')),
     author text not null check (author in ('visitor', 'agent')), agent_id text, conversation_id text,
     accepted_at timestamptz not null, sent_at timestamptz, length integer, body bytea,
     online boolean not null, authenticated boolean not null, campaign text, caller jsonb not null,
     handed_at timestamptz, decided_at timestamptz, after_sequence integer, message_number integer, answer jsonb,
     traceparent text,
     primary key (tenant, id), unique (tenant, thread_id, position), unique (tenant, channel_account, source_key))`,
  `create index message_of_conversation on message (tenant, conversation_id, message_number)
     where state in ('placed', 'published')`,
  `create index message_waiting on message (tenant, thread_id, position) where state in ('stored', 'handed')`,
  `create index message_unpublished on message (decided_at) where state = 'placed'`,
  `create index message_unpublished_of_thread on message (tenant, thread_id, decided_at, message_number)
     where state = 'placed'`,
  `create table delivery (
     tenant text not null, message_id text not null, thread_id text not null, position integer not null,
     channel_account text not null, state text not null check (state in ('waiting', 'delivered', 'failed')),
     attempts integer not null default 0, next_attempt_at timestamptz not null, leased_until timestamptz,
     last_outcome text, created_at timestamptz not null,
     primary key (tenant, message_id), unique (tenant, thread_id, position))`,
  `create index delivery_waiting on delivery (next_attempt_at) where state = 'waiting'`,
  `create index delivery_order on delivery (tenant, thread_id, position) where state = 'waiting'`,
];

/** An agent's message brings along what its sender had read, to be looked at where it is decided. */
export const GUARDS_OF_MESSAGES = [`alter table message add column guards jsonb`];

/** Places that were given back are forgotten by age. */
export const FREED_LEASES = [`create index lease_freed on lease (freed_at) where state = 'freed'`];

/** What runs left behind, and what the logs say. */
export const LIFE_TABLES = [
  `create table archived_thread (
     tenant text not null, thread_id text not null, record jsonb not null, archived_at timestamptz not null,
     primary key (tenant, thread_id))`,
  `create table archived_conversation (
     tenant text not null, conversation_id text not null, thread_id text not null, last_sequence integer not null,
     state jsonb not null,
     primary key (tenant, conversation_id))`,
  `create table conversation (
     tenant text not null, id text not null, thread_id text not null, contact_id text not null,
     channel_account text not null, campaign text not null, group_id text not null, status text not null,
     pending_reason text, sequence integer not null, episode integer not null, assigned_to text, stats_agent text,
     category text, tags text[] not null, started_at timestamptz not null, pending_since timestamptz, returned_by text,
     state jsonb not null,
     primary key (tenant, id))`,
  `create index conversation_started on conversation (tenant, started_at, id)`,
  `create index conversation_thread on conversation (tenant, thread_id)`,
  `create index conversation_contact on conversation (tenant, contact_id)`,
  `create index conversation_assignee on conversation (tenant, assigned_to) where assigned_to is not null`,
  `create index conversation_stats_agent on conversation (tenant, stats_agent) where stats_agent is not null`,
  `create index conversation_pending on conversation (tenant, pending_since) where status = 'pending'`,
  `create index conversation_tags on conversation using gin (tags)`,
  `create table life_event (
     tenant text not null, conversation_id text not null, sequence integer not null, event jsonb not null,
     primary key (tenant, conversation_id, sequence))`,
  `create table decided (
     tenant text not null, conversation_id text not null, sequence integer not null,
     primary key (tenant, conversation_id))`,
  `create table note (
     tenant text not null, id text not null, conversation_id text not null, contact_id text not null,
     written_by text not null, written_at timestamptz not null, body bytea not null,
     primary key (tenant, id))`,
  `create index note_of_conversation on note (tenant, conversation_id)`,
];

/** Agents, their room, their screens; and what is configured. */
export const DESK_TABLES = [
  `create table agent (
     tenant text not null, id text not null, status text not null default 'offline',
     accepts text not null default 'automatic', messaging_limit integer not null default 5,
     email_limit integer not null default 5, last_assigned_at timestamptz,
     primary key (tenant, id))`,
  `create table lease (
     tenant text not null, conversation_id text not null, episode integer not null, request_id text not null,
     agent_id text not null, state text not null check (state in ('granted', 'used', 'freed')),
     used_sequence integer, taken_at timestamptz not null, freed_at timestamptz, request jsonb, settle_at timestamptz,
     primary key (tenant, conversation_id, episode, request_id))`,
  `create index lease_held on lease (tenant, agent_id) where state <> 'freed'`,
  `create index lease_request on lease (tenant, request_id) where state = 'granted'`,
  `create index lease_unsettled on lease (settle_at) where state = 'granted' and settle_at is not null`,
  `create table turn (
     tenant text not null, name text not null, owner text not null, held_until timestamptz not null,
     primary key (tenant, name))`,
  `create table desk_change (
     tenant text not null, id bigint generated always as identity primary key, position bigint, kind text not null,
     conversation_id text, message_id text, agents text[] not null, groups text[] not null, at timestamptz not null)`,
  `create unique index desk_change_position on desk_change (tenant, position)`,
  `create index desk_change_fresh on desk_change (tenant, id) where position is null`,
  `create index desk_change_age on desk_change (at)`,
  `create table configuration (
     tenant text not null, kind text not null, key text not null, version integer not null, value jsonb,
     primary key (tenant, kind, key))`,
  `create table channel_account (
     tenant text not null, id text not null, kind text not null, default_campaign text not null, policy text not null,
     survey_on boolean not null, delivery_url text, hook_id text not null unique, secret bytea not null,
     version integer not null, withdrawn boolean not null default false,
     primary key (tenant, id))`,
];

export const TENANT_TABLES = [
  'contact',
  'thread',
  'message',
  'delivery',
  'archived_thread',
  'archived_conversation',
  'conversation',
  'life_event',
  'decided',
  'note',
  'agent',
  'lease',
  'turn',
  'desk_change',
  'configuration',
  'channel_account',
];
