-- The doors that people and machines come through. Every time comes from the Clock port.

-- Only the SHA-256 of a token is kept: it is 256 random bits, so there is nothing to guess that a slower hash would save.
create table access_tokens (
  id         uuid primary key,
  person     text not null,
  role       text not null check (role in ('viewer', 'operator', 'approver')),
  hash       bytea not null unique,
  made_at    timestamptz not null,
  made_by    text not null,
  revoked_at timestamptz,
  revoked_by text,
  check ((revoked_at is null) = (revoked_by is null))
);
create index access_tokens_by_person on access_tokens (person);

-- A browser that has signed in with a token. It ends with the token.
create table sessions (
  hash     bytea primary key,
  token    uuid not null references access_tokens,
  began_at timestamptz not null,
  ends_at  timestamptz not null
);

-- What a request with an Idempotency-Key was answered: the same key again gets the same answer.
create table requests (
  person text not null,
  key    text not null,
  digest text not null,
  status integer,
  body   jsonb,
  at     timestamptz not null,
  primary key (person, key)
);
create index requests_by_time on requests (at);

-- Alerts of other systems, each once. `run` is the check that one led to; several of one model lead to one check.
create table alerts (
  dedupe      text primary key,
  source      text not null,
  model       text not null,
  name        text not null,
  detail      jsonb not null,
  received_at timestamptz not null,
  run         uuid references runs
);
create index alerts_waiting on alerts (model, received_at) where run is null;

-- One request for approval as one channel shows it. `wanted` counts what became of the request, `shown` is the last of
-- it that the channel was told: a process that dies between the two leaves the difference, and the next one tells it.
create table views (
  run     uuid not null references runs,
  channel text not null,
  nonce   uuid not null unique,
  wanted  integer not null default 1,
  shown   integer not null default 0,
  known   jsonb,
  due_at  timestamptz not null,
  tries   integer not null default 0,
  failed  text,
  primary key (run, channel)
);
create index views_due on views (due_at) where shown < wanted;

-- What is said beside a request, such as a reminder, or by itself, such as the day's digest.
create table lines (
  id      uuid primary key,
  run     uuid references runs,
  channel text not null,
  text    text not null,
  call    jsonb not null default '[]',
  due_at  timestamptz not null,
  tries   integer not null default 0,
  failed  text,
  sent_at timestamptz
);
create index lines_due on lines (due_at) where sent_at is null;

alter table approvals add column reminded integer not null default 0;
alter table approvals add column escalated boolean not null default false;
