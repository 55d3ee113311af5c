-- Where people find the traces: LangSmith tells it after it has taken one, so it is kept apart from them.
create table trace_places (
  place text primary key,
  url   text not null check (url ~ '^https?://')
);
alter table traces add column place text;
