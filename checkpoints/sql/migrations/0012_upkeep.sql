-- What becomes small with age, so that the ledger does not grow for ever. Every time comes from the Clock port.

-- Counts of several windows of one day as one sum. `packed` holds them with the windows they were summed from, as
-- compressed JSON: a window that is counted in one is never counted again.
create table folded_windows (
  model     text not null,
  version   text not null,
  profile   text not null,
  source    text not null,
  starts_at timestamptz not null,
  ends_at   timestamptz not null,
  packed    bytea not null,
  folded_at timestamptz not null,
  primary key (model, version, profile, source, starts_at)
);
alter table folded_windows alter column packed set storage external;

-- What a check measured, until it is folded: then the row says only that something was.
alter table evidence alter column document drop not null;
alter table evidence add column folded_at timestamptz;

-- A policy is written once, however many decisions were made under it.
create table policies (
  digest   text primary key,
  document jsonb not null
);

-- `kept`: null until upkeep has come by; 'whole' with its evidence, 'reference' without.
alter table decisions alter column document drop not null;
alter table decisions alter column policy drop not null;
alter table decisions add column packed bytea;
alter table decisions alter column packed set storage external;
alter table decisions add column policy_of text references policies;
alter table decisions add column kept text check (kept in ('whole', 'reference'));
alter table decisions add check ((document is null) = (packed is not null));
alter table decisions add check ((policy is null) = (policy_of is not null));
create index decisions_not_sorted on decisions (model, at) where kept is null;

-- An ended run that acted, whose thread has been deleted.
alter table runs add column thread_dropped_at timestamptz;
create index runs_with_thread on runs (updated_at)
  where action in ('retrain', 'rollback') and outcome is not null and thread_dropped_at is null;

create table upkeep (
  model     text primary key,
  tended_at timestamptz not null
);
