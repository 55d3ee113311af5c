-- What owners were asked about broken data or labels. One open question of a kind and model at a time.
create table questions (
  id          bigint generated always as identity primary key,
  model       text not null,
  kind        text not null,
  run         uuid not null references runs,
  features    jsonb not null,
  since       timestamptz not null,
  asked_at    timestamptz not null,
  answered_at timestamptz,
  genuine     boolean,
  answered_by text,
  os_user     text,
  comment     text not null default ''
);
create unique index one_open_question on questions (model, kind) where answered_at is null;
create index questions_by_model on questions (model, asked_at desc);
