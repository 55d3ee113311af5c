-- Which models wish a training and stand in line for one, and which were given a slot. Every time comes from the Clock port.
create table claims (
  model      text primary key,
  run        uuid not null references runs on delete cascade,
  since      timestamptz not null,
  seen_at    timestamptz not null,
  stands_for interval not null,
  tags       jsonb not null,
  want       jsonb not null
);

-- One row per training that was let begin. Its slot is free again once its run has a challenger or an outcome.
create table grants (
  run   uuid primary key references runs on delete cascade,
  model text not null,
  at    timestamptz not null,
  log_e double precision
);
create index grants_by_time on grants (at);

-- One cause that several models' questions are about. It is over once all of them are answered.
create table incidents (
  id        bigint generated always as identity primary key,
  kind      text not null,
  name      text not null,
  opened_at timestamptz not null,
  told_at   timestamptz
);
alter table questions add column incident bigint references incidents;
create index questions_of_incident on questions (incident) where incident is not null;
create index open_questions on questions (asked_at) where answered_at is null;
