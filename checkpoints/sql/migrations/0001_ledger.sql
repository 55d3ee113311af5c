-- The ledger's first form. All times come from the Clock port; no rule depends on now().

create table runs (
  run          uuid primary key,
  model        text not null,
  status       text not null default 'running',
  outcome      text,
  verdict      text,
  cause        text,
  action       text,
  reason       text not null default '',
  champion     text,
  challenger   text,
  candidate    jsonb,
  job          jsonb,
  void_reason  text,
  error        jsonb,
  requested_by text,
  os_user      text,
  started_at   timestamptz not null,
  updated_at   timestamptz not null
);

-- At most one run of a model may act at a time. This index is the rule; everything else only explains it.
create unique index one_active_run on runs (model)
  where action in ('retrain', 'rollback') and outcome is null;
create index runs_by_model on runs (model, started_at desc);
create index runs_open on runs (started_at) where outcome is null;

create table evidence (
  run      uuid primary key references runs,
  document jsonb not null
);

create table decisions (
  run      uuid primary key references runs,
  model    text not null,
  at       timestamptz not null,
  document jsonb not null,
  policy   jsonb not null,
  policy_digest text not null
);
create index decisions_by_model on decisions (model, at desc);

create table profiles (
  model      text not null,
  version    text not null,
  document   jsonb not null,
  primary key (model, version)
);

create table windows (
  model       text not null,
  version     text not null,
  profile     text not null,
  source      text not null,
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  closed      boolean not null,
  revision    integer not null,
  counts      jsonb not null,
  stamp       text not null,
  primary key (model, version, profile, source, starts_at, ends_at)
);

-- A flag on an interval of a model's rows, not on one profile's counts: a new profile must not lift it.
create table quarantines (
  id         bigint generated always as identity primary key,
  model      text not null,
  starts_at  timestamptz not null,
  ends_at    timestamptz not null,
  reason     text not null,
  set_by     text not null,
  set_at     timestamptz not null,
  lifted_by  text,
  lifted_at  timestamptz
);
create unique index quarantine_once on quarantines (model, starts_at, ends_at) where lifted_at is null;

create table effects (
  key         text primary key,
  run         uuid not null references runs,
  kind        text not null,
  state       text not null default 'intended',
  external_id text,
  result      jsonb,
  intended_at timestamptz not null,
  done_at     timestamptz
);
create index effects_by_run on effects (run);

create table trainings (
  run        uuid primary key references runs,
  model      text not null,
  started_at timestamptz not null
);
create index trainings_by_model on trainings (model, started_at desc);

create table validations (
  run      uuid primary key references runs,
  document jsonb not null
);

create table approvals (
  id           uuid primary key,
  run          uuid not null unique references runs,
  model        text not null,
  state        text not null default 'pending',
  fingerprint  text not null,
  sealed       jsonb not null,
  requested_at timestamptz not null,
  expires_at   timestamptz not null,
  quorum       integer not null,
  requested_by text,
  returns_to_approved boolean not null default false,
  reason       text not null default ''
);

create table answers (
  approval  uuid not null references approvals,
  person    text not null,
  decision  text not null,
  channel   text not null,
  at        timestamptz not null,
  comment   text not null default '',
  os_user   text,
  primary key (approval, person)
);

create table promotions (
  run          uuid primary key references runs,
  model        text not null,
  from_version text,
  to_version   text not null,
  candidate    text not null,
  digest       text not null,
  at           timestamptz not null
);
create index promotions_by_model on promotions (model, at desc);

create table traces (
  trace uuid primary key,
  run   uuid not null references runs,
  at    timestamptz not null
);

create table audit (
  id     bigint generated always as identity primary key,
  at     timestamptz not null,
  actor  text not null,
  act    text not null,
  model  text,
  run    uuid,
  detail jsonb not null default '{}'
);
create index audit_by_run on audit (run);
create rule audit_is_append_only_update as on update to audit do instead nothing;
create rule audit_is_append_only_delete as on delete to audit do instead nothing;
