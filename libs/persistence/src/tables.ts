import { migration, rowLevelSecurity, TENANT_COLUMN } from './migration.js';

/** What every service has in its schema beside its own tables. */
export const COMMON_MIGRATIONS = [
  migration('persistence-1', [
    `create table outbox (
       id bigint generated always as identity primary key,
       ${TENANT_COLUMN},
       topic text not null,
       key text not null,
       value text,
       headers json not null,
       added_at timestamptz not null default now()
     )`,
    ...rowLevelSecurity('outbox'),
    `create table idempotency (
       ${TENANT_COLUMN},
       caller text not null,
       key text not null,
       fingerprint text not null,
       owner uuid not null,
       leased_until timestamptz not null,
       answer json,
       expires_at timestamptz not null,
       primary key (tenant, caller, key)
     )`,
    'create index idempotency_expires_at on idempotency (expires_at)',
    ...rowLevelSecurity('idempotency'),
    `create table stream_position (
       ${TENANT_COLUMN},
       stream text not null,
       position bigint not null,
       primary key (tenant, stream)
     )`,
    ...rowLevelSecurity('stream_position'),
    `create table fold_position (
       ${TENANT_COLUMN},
       fold text not null,
       conversation_id text not null,
       last bigint not null,
       primary key (tenant, fold, conversation_id)
     )`,
    ...rowLevelSecurity('fold_position'),
  ]),
];
