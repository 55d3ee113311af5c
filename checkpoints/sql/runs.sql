-- name: open_run
insert into runs (run, model, requested_by, os_user, started_at, updated_at)
values (%(run)s, %(model)s, %(requested_by)s, %(os_user)s, %(now)s, %(now)s)
on conflict (run) do nothing

-- name: request_run
-- A run that somebody wants, and the job that makes its check: both or neither.
with opened as (
  insert into runs (run, model, requested_by, started_at, updated_at)
  values (%(run)s, %(model)s, %(requested_by)s, %(now)s, %(now)s) returning run
)
insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
select 'checks', 'carry_on', 20, 'run:' || run, jsonb_build_object('run', run) from opened

-- name: one_run
select * from runs where run = %(run)s

-- name: standing
select r.run, r.model, r.outcome, r.action, r.job, r.void_reason, a.state as approval,
       exists (select 1 from pauses where lifted_at is null) as pauses
from runs r left join approvals a on a.run = r.run where r.run = %(run)s

-- name: void_reason
select void_reason from runs where run = %(run)s

-- name: matching_runs
-- A run may be named by the first characters of its id.
select * from runs where run::text like %(prefix)s || '%%' limit 3

-- name: latest_run
select * from runs where model = %(model)s order by started_at desc, run desc limit 1

-- name: list_runs
select * from runs where %(model)s::text is null or model = %(model)s
order by started_at desc, run desc limit %(limit)s

-- name: page_of_runs
-- The runs that come after a given one, newest first; from the newest on without one.
select r.* from runs r
where (%(model)s::text is null or r.model = %(model)s)
  and (%(after)s::uuid is null or (r.started_at, r.run) < (select a.started_at, a.run from runs a where a.run = %(after)s))
order by r.started_at desc, r.run desc limit %(limit)s

-- name: waiting_runs
-- What waits for a person, the longest wait first; then what was answered last.
select r.* from runs r join approvals a on a.run = r.run
where (a.state = 'pending') = %(pending)s
order by case when %(pending)s then a.requested_at end, a.requested_at desc, r.run limit %(limit)s offset %(skip)s

-- name: open_runs
-- What `resume --all` carries on: an active run, or a check that died before its decision.
select * from runs where outcome is null order by started_at

-- name: ready_runs
select r.run, r.model, r.status, r.action, a.state as approval from runs r left join approvals a on a.run = r.run
where r.outcome is null order by r.started_at, r.run

-- name: active_run
select * from runs where model = %(model)s and action in ('retrain', 'rollback') and outcome is null

-- name: note_job
-- Its first sighting counts as one retrain. One that has ended settles what was reserved for it; the first price stays.
with noted as (
  update runs set job = %(job)s, updated_at = %(now)s,
         status = case when outcome is not null then status when %(active)s then 'training' else 'running' end
  where run = %(run)s returning run, model, void_reason
), counted as (
  insert into trainings (run, model, started_at) select run, model, %(now)s from noted on conflict (run) do nothing
), settled as (
  update costs c set price = %(price)s, seconds = %(seconds)s, settled_at = %(now)s
  from noted n where c.run = n.run and c.price is null and %(price)s::double precision is not null
)
select void_reason from noted

-- name: note_challenger
update runs set challenger = %(version)s, candidate = %(candidate)s, updated_at = %(now)s where run = %(run)s

-- name: void
update runs set void_reason = %(reason)s, updated_at = %(now)s
where run = %(run)s and outcome is null and void_reason is null

-- name: note_error
update runs set error = %(error)s, updated_at = %(now)s where run = %(run)s and outcome is null

-- name: goes_on
update runs set error = null where run = %(run)s and outcome is null and error is not null

-- name: finish
update runs set outcome = %(outcome)s, reason = %(reason)s, updated_at = %(now)s, error = null,
       status = case when %(outcome)s = 'failed' then 'failed' else 'done' end
where run = %(run)s and outcome is null

-- name: failed_since
-- Runs that acted and led to nothing, as the circuit breaker counts them. Their threads are kept for longer than anybody asks.
select run, model, action, outcome, reason, updated_at from runs
where action in ('retrain', 'rollback') and outcome is not null and thread_dropped_at is null and updated_at > %(since)s
  and outcome in ('failed', 'denied', 'expired', 'validation_failed')
order by updated_at, run

-- name: history
-- `kept` is the newest judged run's candidate when that run was undecided: runs that judged nothing neither keep nor drop it.
with acted as (
  select run, outcome, updated_at, candidate, started_at from runs
  where model = %(model)s and action in ('retrain', 'rollback') order by started_at desc, run desc limit 100
), promoted as (
  select max(at) as at from promotions where model = %(registry)s
)
select promoted.at as promoted_at,
  (select run from acted where outcome is null) as active_run,
  array(select started_at from trainings where model = %(model)s order by started_at desc limit 100) as trainings,
  array(
    select updated_at from acted
    where outcome in ('failed', 'denied', 'expired', 'validation_failed')
      and (promoted.at is null or updated_at > promoted.at)
    order by started_at desc, run desc
  ) as failures,
  (
    select case when outcome = 'validation_inconclusive' then candidate end from acted
    where outcome in ('promoted', 'rolled_back', 'denied', 'expired', 'voided', 'validation_failed', 'validation_inconclusive')
      and (outcome <> 'voided' or exists (select 1 from validations v where v.run = acted.run))
    order by started_at desc, run desc limit 1
  ) as kept,
  (
    select r.candidate from promotions p join runs r on r.run = p.run
    where p.model = %(registry)s order by p.at desc limit 1
  ) as serving,
  (select run from demotions where model = %(model)s and lifted_at is null order by at desc, run limit 1) as demoted,
  array(
    select json_build_object(
      'kind', kind, 'asked_at', asked_at, 'features', features, 'answered_at', answered_at, 'genuine', genuine,
      'looked_back', looked_back
    )
    from questions where model = %(model)s and run is distinct from %(run)s::uuid order by asked_at desc, id desc limit 100
  ) as questions
from promoted

-- name: note_trace
insert into traces (trace, run, at, place) values (%(trace)s, %(run)s, %(now)s, %(place)s)
on conflict (trace) do nothing

-- name: note_trace_place
insert into trace_places (place, url) values (%(place)s, %(url)s)
on conflict (place) do update set url = excluded.url where trace_places.url <> excluded.url

-- name: trace_links
select distinct on (traces.run) traces.run, trace_places.url || '/r/' || traces.trace as link
from traces join trace_places using (place)
where traces.run = any(%(runs)s::uuid[])
order by traces.run, traces.at

-- name: traces
select trace, at from traces where run = %(run)s order by at

-- name: audit
insert into audit (at, actor, act, model, run, detail)
values (%(at)s, %(actor)s, %(act)s, %(model)s, %(run)s, %(detail)s)

-- name: audit_of
select at, actor, act, detail from audit where run = %(run)s order by id
