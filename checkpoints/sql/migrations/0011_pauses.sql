-- Who stopped which models, and why. A lifted pause stays as history; one of a kind holds at a time.
create table pauses (
  id             bigint generated always as identity primary key,
  scope          text not null check (scope in ('model', 'tag', 'all')),
  name           text,
  reason         text not null check (reason <> ''),
  paused_by      text not null,
  os_user        text not null,
  paused_at      timestamptz not null,
  lifted_by      text,
  lifted_os_user text,
  lifted_at      timestamptz,
  lifted_reason  text,
  check ((scope = 'all') = (name is null)),
  check ((lifted_by is null) = (lifted_at is null))
);
create unique index one_pause_of_a_kind on pauses (scope, coalesce(name, '')) where lifted_at is null;
