-- Tokens of the language model, per run: reserved before a question is sent, settled after its answer.
create table tokens (
  run      uuid primary key references runs,
  model    text not null,
  at       timestamptz not null,
  reserved integer not null check (reserved > 0),
  used     integer check (used >= 0)
);
create index tokens_by_time on tokens (at);
