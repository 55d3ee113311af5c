-- name: profile
select document from profiles where model = %(model)s and version = %(version)s

-- name: save_profile
insert into profiles (model, version, document) values (%(model)s, %(version)s, %(document)s)
on conflict (model, version) do nothing

-- name: windows
select w.*, exists (
  select 1 from quarantines q
  where q.model = w.model and q.lifted_at is null and q.starts_at < w.ends_at and q.ends_at > w.starts_at
) as quarantined
from windows w
where w.model = %(model)s and w.version = %(version)s and w.profile = %(profile)s and w.source = %(source)s
  and w.starts_at >= %(start)s and w.ends_at <= %(end)s
order by w.starts_at

-- name: newest
-- Newest first: thousands of older ones are neither read nor sent.
select w.*, false as quarantined
from windows w
where w.model = %(model)s and w.version = %(version)s and w.profile = %(profile)s and w.source = %(source)s
  and w.starts_at >= %(start)s and w.ends_at <= %(end)s and w.closed and not exists (
    select 1 from quarantines q
    where q.model = w.model and q.lifted_at is null and q.starts_at < w.ends_at and q.ends_at > w.starts_at
  )
order by w.starts_at desc limit %(most)s

-- name: flagged
select w.starts_at, w.ends_at
from windows w
where w.model = %(model)s and w.version = %(version)s and w.profile = %(profile)s and w.source = %(source)s
  and w.starts_at >= %(start)s and w.ends_at <= %(end)s and exists (
    select 1 from quarantines q
    where q.model = w.model and q.lifted_at is null and q.starts_at < w.ends_at and q.ends_at > w.starts_at
  )
order by w.starts_at

-- name: save_window
-- The same counts again change nothing; other counts replace them and raise the revision.
insert into windows as w (model, version, profile, source, starts_at, ends_at, closed, revision, counts, stamp)
values (%(model)s, %(version)s, %(profile)s, %(source)s, %(start)s, %(end)s, %(closed)s, 1, %(counts)s, %(stamp)s)
on conflict (model, version, profile, source, starts_at, ends_at) do update
set revision = case when w.counts = excluded.counts then w.revision else w.revision + 1 end,
    counts = excluded.counts, stamp = excluded.stamp, closed = excluded.closed

-- name: quarantine
insert into quarantines (model, starts_at, ends_at, reason, set_by, set_at)
values (%(model)s, %(start)s, %(end)s, %(reason)s, %(by)s, %(now)s)
on conflict (model, starts_at, ends_at) where lifted_at is null do nothing

-- name: quarantined
select starts_at, ends_at from quarantines where model = %(model)s and lifted_at is null order by starts_at, ends_at
