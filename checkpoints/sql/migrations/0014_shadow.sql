-- A model that went back to an earlier version decides and touches nothing, whatever its entry says, until a person
-- lifts that. One row per return.
create table demotions (
  run       uuid primary key references runs,
  model     text not null,
  at        timestamptz not null,
  lifted_at timestamptz,
  lifted_by text,
  os_user   text,
  comment   text not null default '',
  check ((lifted_at is null) = (lifted_by is null))
);
create index demotions_by_model on demotions (model, at desc);
