-- name: due
-- Models whose turn has come, those first that waited longest. A clock that went back must not stop it.
with recursive known as (
  (select model from runs order by model limit 1)
  union all
  select (select r.model from runs r where r.model > k.model order by r.model limit 1) from known k where k.model is not null
)
select k.model from known k left join upkeep u on u.model = k.model
where k.model is not null
  and (u.tended_at is null or u.tended_at <= %(before)s or u.tended_at > %(now)s)
order by u.tended_at nulls first, k.model limit %(limit)s

-- name: tended
insert into upkeep (model, tended_at) values (%(model)s, %(now)s)
on conflict (model) do update set tended_at = excluded.tended_at

-- name: not_sorted
-- Ended checks of which nobody has said yet whether they keep their evidence, oldest first, each with the one before.
select d.run, d.at, r.verdict, r.action, b.verdict as verdict_before, b.action as action_before,
       r.action in ('retrain', 'rollback') and r.outcome <> 'shadowed' as acted,
       exists (select 1 from questions q where q.run = d.run) or exists (select 1 from validations v where v.run = d.run)
         or exists (select 1 from effects f where f.run = d.run) as referred,
       b.action is not null as follows,
       coalesce(pg_column_size(e.document), 0) + pg_column_size(d.document) + pg_column_size(d.policy) as bytes
from decisions d
join runs r on r.run = d.run
left join evidence e on e.run = d.run
left join lateral (
  select c.verdict, c.action from decisions o join runs c on c.run = o.run
  where o.model = d.model and (o.at, o.run) < (d.at, d.run) order by o.at desc, o.run desc limit 1
) b on true
where d.model = %(model)s and d.kept is null and d.at <= %(before)s and r.outcome is not null
order by d.at, d.run limit %(limit)s

-- name: documents
select run, document from decisions where run = any(%(runs)s::uuid[]) and document is not null

-- name: keep_whole
update decisions set kept = 'whole' where run = any(%(runs)s::uuid[]) and kept is null

-- name: keep_by_reference
-- Verdict, rules and values stay, packed; the policy once for all; what was measured goes.
with named as (
  select * from unnest(%(runs)s::uuid[], %(packed)s::bytea[]) n (run, packed)
), shared as (
  insert into policies (digest, document)
  select distinct on (md5(d.policy::text)) md5(d.policy::text), d.policy from decisions d join named n on n.run = d.run
  where d.policy is not null
  on conflict (digest) do nothing
), gone as (
  update evidence e set document = null, folded_at = %(now)s from named n where e.run = n.run
)
update decisions d set kept = 'reference', document = null, packed = n.packed,
       policy_of = coalesce(policy_of, md5(d.policy::text)), policy = null
from named n where d.run = n.run and d.kept is null

-- name: windows
select version, profile, source, starts_at, ends_at, closed, revision, pg_column_size(counts) as bytes from windows
where model = %(model)s order by version, profile, source, starts_at

-- name: flags
select distinct starts_at, ends_at from quarantines where model = %(model)s order by starts_at, ends_at

-- name: open_since
-- From when on an open question, or a run under way, may need what was counted.
select least(
  (select min(since) from questions where model = %(model)s and answered_at is null),
  (
    select min(least(r.started_at, (w->>'start')::timestamptz))
    from runs r
    left join evidence e on e.run = r.run
    left join lateral jsonb_array_elements(
      e.document->'windows' || coalesce(e.document->'harm', '[]')
        || coalesce(nullif(e.document->'look_back', 'null')->'windows', '[]')
    ) w on true
    where r.model = %(model)s and r.outcome is null
  )
) as since

-- name: referred
-- The windows that decisions with evidence name, but for those that are about to lose it.
select distinct w->>'source' as source, (w->>'start')::timestamptz as starts_at, (w->>'end')::timestamptz as ends_at
from decisions d
join evidence e on e.run = d.run
cross join lateral jsonb_array_elements(
  e.document->'windows' || coalesce(nullif(e.document->'look_back', 'null')->'windows', '[]')
) w
where d.model = %(model)s and e.document is not null and not d.run = any(%(folding)s::uuid[])

-- name: standing
-- What serves, what a return goes to, and what was approved first: of the registered model, whichever entry that watches
-- it moved it. Which one it is, the newest decision says: an entry may have gone from the file.
with named as (
  select coalesce(d.policy, o.document)->>'registry' as registry
  from decisions d left join policies o on o.digest = d.policy_of
  where d.model = %(model)s order by d.at desc, d.run desc limit 1
), made as (
  select p.from_version, p.to_version, p.at from promotions p join named n on n.registry = p.model
)
(select from_version as version from made order by at limit 1)
union (select to_version from made order by at limit 1)
union (select from_version from made order by at desc limit 1)
union (select to_version from made order by at desc limit 1)
union (select champion from runs where model = %(model)s and champion is not null order by started_at desc limit 1)

-- name: sums
select version, profile, source, starts_at, ends_at, packed from folded_windows
where model = %(model)s and starts_at >= %(since)s and starts_at < %(until)s
order by version, profile, source, starts_at

-- name: old_sums
select version, profile, source, starts_at, ends_at, length(packed) as bytes from folded_windows
where model = %(model)s and ends_at <= %(before)s order by version, profile, source, starts_at

-- name: counts
select starts_at, counts from windows
where model = %(model)s and version = %(version)s and profile = %(profile)s and source = %(source)s
  and starts_at = any(%(starts)s::timestamptz[])
order by starts_at

-- name: fold
-- All of the windows as they were when they were summed, or nothing at all.
with wanted as (
  select * from unnest(%(starts)s::timestamptz[], %(revisions)s::integer[]) w (starts_at, revision)
), found as (
  select w.starts_at, w.ends_at from windows w join wanted n on n.starts_at = w.starts_at and n.revision = w.revision
  where w.model = %(model)s and w.version = %(version)s and w.profile = %(profile)s and w.source = %(source)s
  for update of w
), complete as (
  select (select count(*) from found) = (select count(*) from wanted) as all_there
), gone as (
  delete from windows w using found f
  where (select all_there from complete) and w.model = %(model)s and w.version = %(version)s
    and w.profile = %(profile)s and w.source = %(source)s and w.starts_at = f.starts_at and w.ends_at = f.ends_at
)
insert into folded_windows (model, version, profile, source, starts_at, ends_at, packed, folded_at)
select %(model)s, %(version)s, %(profile)s, %(source)s, %(start)s, %(end)s, %(packed)s, %(now)s
from complete where all_there
on conflict (model, version, profile, source, starts_at) do update
set packed = excluded.packed, folded_at = excluded.folded_at

-- name: drop_windows
delete from windows
where model = %(model)s and version = %(version)s and profile = %(profile)s and source = %(source)s
  and starts_at = any(%(starts)s::timestamptz[])

-- name: drop_sums
delete from folded_windows
where model = %(model)s and version = %(version)s and profile = %(profile)s and source = %(source)s
  and starts_at = any(%(starts)s::timestamptz[])

-- name: old_checks
-- Ended runs of long ago, with what may keep them. `names_it`: a row that outlives the check.
select r.run, r.started_at as at, r.verdict, r.action,
       r.action in ('retrain', 'rollback') and r.outcome <> 'shadowed' as acted,
       exists (select 1 from questions q where q.run = r.run) or exists (select 1 from validations v where v.run = r.run)
         or exists (select 1 from effects f where f.run = r.run) or exists (select 1 from approvals a where a.run = r.run)
         or exists (select 1 from promotions p where p.run = r.run) or exists (select 1 from trainings t where t.run = r.run)
         or exists (select 1 from costs c where c.run = r.run) or exists (select 1 from demotions m where m.run = r.run)
         or exists (select 1 from claims w where w.run = r.run) or exists (select 1 from grants g where g.run = r.run) as referred,
       not exists (
         select 1 from runs l where l.model = r.model and (l.started_at, l.run) > (r.started_at, r.run)
       ) as newest
from runs r
where r.model = %(model)s and r.started_at <= %(before)s and r.outcome is not null
  and (r.action is null or r.action not in ('retrain', 'rollback') or r.outcome = 'shadowed')
order by r.started_at limit %(limit)s

-- name: forget
with gone as (select unnest(%(runs)s::uuid[]) as run),
  a as (delete from traces t using gone g where t.run = g.run),
  b as (delete from tokens t using gone g where t.run = g.run),
  c as (delete from alerts t using gone g where t.run = g.run),
  d as (delete from lines t using gone g where t.run = g.run),
  e as (delete from evidence t using gone g where t.run = g.run),
  f as (delete from decisions t using gone g where t.run = g.run),
  h as (delete from views t using gone g where t.run = g.run)
delete from runs r using gone g where r.run = g.run

-- name: old_grants
-- Slots that were granted by then, of runs that have ended: a run that lives still counts by its own.
select g.run from grants g join runs r on r.run = g.run
where g.at <= %(before)s and r.outcome is not null order by g.at, g.run

-- name: forget_grants
delete from grants where run = any(%(runs)s::uuid[])

-- name: old_incidents
-- Those all of whose questions were answered by then, of runs that have ended.
select i.id from incidents i
where i.opened_at <= %(before)s and not exists (
  select 1 from questions q join runs r on r.run = q.run
  where q.incident = i.id and (q.answered_at is null or q.answered_at > %(before)s or r.outcome is null)
)
order by i.id

-- name: forget_incidents
-- The questions stay with their models, and the audit trail says in which incident they were answered.
with alone as (update questions set incident = null where incident = any(%(incidents)s::bigint[]))
delete from incidents where id = any(%(incidents)s::bigint[])

-- name: ended_threads
select run, model from runs
where action in ('retrain', 'rollback') and outcome is not null and thread_dropped_at is null and updated_at <= %(before)s
order by updated_at, run limit %(limit)s

-- name: drop_threads
-- Of runs that have ended, and of no other, whatever was read before.
with ended as (
  update runs r set thread_dropped_at = %(now)s
  from unnest(%(runs)s::uuid[], %(threads)s::text[]) n (run, thread)
  where r.run = n.run and r.outcome is not null
  returning n.thread
), a as (
  delete from langgraph.checkpoint_writes w using ended e where w.thread_id = e.thread
), b as (
  delete from langgraph.checkpoint_blobs w using ended e where w.thread_id = e.thread
)
delete from langgraph.checkpoints c using ended e where c.thread_id = e.thread

-- name: size_of_threads
select coalesce(sum(b), 0) as bytes from (
  select pg_column_size(c.*) as b from langgraph.checkpoints c where c.thread_id = any(%(threads)s)
  union all select pg_column_size(c.*) from langgraph.checkpoint_blobs c where c.thread_id = any(%(threads)s)
  union all select pg_column_size(c.*) from langgraph.checkpoint_writes c where c.thread_id = any(%(threads)s)
) s

-- name: ended
-- Which of these runs ended by then.
select run from runs where run = any(%(runs)s::uuid[]) and outcome is not null and updated_at <= %(before)s

-- name: old_lines
select count(*) as rows, coalesce(sum(pg_column_size(l.*)), 0) as bytes from lines l
where run is null and sent_at <= %(before)s

-- name: forget_lines
delete from lines where run is null and sent_at <= %(before)s
