-- What trainings cost, per run: reserved at its most before the job is started, settled when it has ended. Only where
-- the pipeline has a price. What is not settled has no price yet and counts with `most`.
create table costs (
  run        uuid primary key references runs,
  model      text not null,
  at         timestamptz not null,
  currency   text not null,
  most       double precision not null check (most >= 0),
  per_run    double precision,
  per_minute double precision,
  seconds    double precision check (seconds >= 0),
  price      double precision check (price >= 0),
  settled_at timestamptz,
  check ((per_run is null) <> (per_minute is null)),
  check ((price is null) = (settled_at is null))
);
create index costs_by_time on costs (at);
