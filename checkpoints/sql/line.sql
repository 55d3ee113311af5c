-- name: claim
-- `since` stays from the first check of an unbroken row of wishes; one that no check repeated in time begins anew.
insert into claims as c (model, run, since, seen_at, stands_for, tags, want)
values (%(model)s, %(run)s, %(now)s, %(now)s, %(stands_for)s, %(tags)s, %(want)s)
on conflict (model) do update
set run = excluded.run, seen_at = excluded.seen_at, stands_for = excluded.stands_for, tags = excluded.tags,
    want = excluded.want,
    since = case when c.seen_at + c.stands_for > excluded.seen_at then c.since else excluded.since end

-- name: claims
-- `gave_back_at`: when a run of the model last ended that was given a slot and asked for no job.
select c.model, c.run, c.since, c.seen_at, c.stands_for, c.tags, c.want, (
         select max(r.updated_at) from grants g join runs r on r.run = g.run
         where g.model = c.model and r.outcome = 'voided' and not exists (
           select 1 from effects e where e.run = r.run and e.kind = 'training' and e.state <> 'intended'
         )
       ) as gave_back_at
from claims c order by c.model

-- name: leave
delete from claims where model = %(model)s

-- name: keep
delete from claims where not model = any(%(models)s)

-- name: holders
-- Who trains, has trained or is about to: a run that was given a slot may not have written down its decision yet.
-- `called`: somebody asked for its job, so that it may train whoever knows of it.
select r.run, r.model, r.action is not null as decided, coalesce(g.at, d.at) as since, r.job->>'state' as job,
       exists (select 1 from effects e where e.run = r.run and e.kind = 'training' and e.state <> 'intended') as called
from runs r left join decisions d on d.run = r.run left join grants g on g.run = r.run
where r.outcome is null and r.challenger is null and r.run is distinct from %(run)s::uuid
  and case when r.action is null then g.run is not null else r.action = 'retrain' and d.document->>'reuse' is null end
order by r.model, r.run

-- name: begun
-- What was given a slot and not given back: by what was then decided, or because nothing of it began.
select g.model, g.at, g.log_e from grants g join runs r on r.run = g.run
where g.at > %(since)s and r.run is distinct from %(run)s::uuid and (r.action = 'retrain' or (r.action is null and r.outcome is null))
  and (r.outcome is null or exists (
    select 1 from effects e where e.run = r.run and e.kind = 'training' and e.state <> 'intended'
  ))
order by g.at, g.run

-- name: granted
select 1 as one from grants where run = %(run)s

-- name: grant
with given as (
  insert into grants (run, model, at, log_e) values (%(run)s, %(model)s, %(now)s, %(log_e)s)
  on conflict (run) do nothing
)
delete from claims where model = %(model)s
