-- The queue's own times are the machine's: when a worker looks at a row again is no rule.
-- Priorities: upkeep 30, what carries a run on 20, checks by schedule 0. An answer does not wait behind a thousand checks.

-- name: put
-- One job of a key waits at most. What is there already is not put off by what comes later.
insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args, scheduled_at)
values (%(queue)s::text, %(task)s, case when %(queue)s::text = 'upkeep' then 30 else 0 end, %(key)s, %(args)s,
        case when %(seconds)s > 0 then now() + make_interval(secs => %(seconds)s) end)
on conflict (queueing_lock) where status = 'todo' do nothing

-- name: put_run
-- Look at an open run again later; where a job for it waits already, that one comes as it was to come.
insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args, scheduled_at)
select %(queue)s, 'carry_on', 20, 'run:' || r.run, jsonb_build_object('run', r.run, 'looks', %(looks)s::integer),
       case when %(seconds)s > 0 then now() + make_interval(secs => %(seconds)s) end
from runs r where r.run = %(run)s and r.outcome is null
on conflict (queueing_lock) where status = 'todo' do nothing

-- name: wake
-- Have an open run carried on now, by whoever may take its next step.
insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
select case when r.action is null then 'checks'
            when r.action = 'retrain' and r.challenger is null then 'actions:train'
            else 'approvals' end,
       'carry_on', 20, 'run:' || r.run, jsonb_build_object('run', r.run)
from runs r where r.run = %(run)s and r.outcome is null
on conflict (queueing_lock) where status = 'todo' do update set scheduled_at = null

-- name: sweep
-- Every open run of these models that no job is about: its worker died, or nobody has ever worked here.
insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
select case when r.action is null then 'checks'
            when r.action = 'retrain' and r.challenger is null then 'actions:train'
            else 'approvals' end,
       'carry_on', 20, 'run:' || r.run, jsonb_build_object('run', r.run)
from runs r
where r.outcome is null and r.model = any(%(models)s) and not exists (
  select 1 from queue.procrastinate_jobs j where j.queueing_lock = 'run:' || r.run and j.status in ('todo', 'doing')
)
on conflict (queueing_lock) where status = 'todo' do nothing

-- name: take_back
-- Jobs whose worker shows no sign of life go to the next one; where the same job waits already, it is enough. So do those
-- that a living worker lost: when it cannot write down that one has ended, it lives on, and the job stays as it was.
-- Whoever is at a run holds its lock, or only looks at what it asks for, which twice at once is only twice looked at.
with lost as (
  select j.id from queue.procrastinate_jobs j cross join hashtextextended('run ' || (j.args->>'run'), 0) as key
  where j.status = 'doing' and j.task_name = 'carry_on' and (
    select max(v.at) from queue.procrastinate_events v where v.job_id = j.id and v.type = 'started'
  ) < now() - make_interval(secs => %(lost)s) and not exists (
    select 1 from pg_locks l join pg_database b on b.oid = l.database
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and b.datname = current_database()
      and l.classid = ((key >> 32) & 4294967295)::oid and l.objid = (key & 4294967295)::oid
  )
), dead as (
  select j.id, row_number() over (partition by j.queueing_lock order by j.id) as nth, exists (
           select 1 from queue.procrastinate_jobs t where t.status = 'todo' and t.queueing_lock = j.queueing_lock
         ) as waits
  from queue.procrastinate_jobs j left join queue.procrastinate_workers w on w.id = j.worker_id
  where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - make_interval(secs => %(seconds)s)
                                or j.id in (select id from lost))
), dropped as (
  delete from queue.procrastinate_jobs j using dead d where j.id = d.id and (d.waits or d.nth > 1)
)
update queue.procrastinate_jobs j set status = 'todo', scheduled_at = null, worker_id = null, attempts = attempts + 1
from dead d where j.id = d.id and not (d.waits or d.nth > 1)

-- name: forget
-- What failed long ago; what was done is deleted at once.
delete from queue.procrastinate_jobs j
where j.status in ('failed', 'aborted', 'cancelled') and not exists (
  select 1 from queue.procrastinate_events v where v.job_id = j.id and v.at > now() - make_interval(days => %(days)s)
)

-- name: standing
select queue_name as queue, task_name as task, status::text, args, scheduled_at, attempts
from queue.procrastinate_jobs order by id

-- name: lag
-- Per queue: how many jobs wait that could be at work, for how long the first of them, and how many are at work.
select j.queue_name as queue,
       count(*) filter (where j.status = 'todo' and coalesce(j.scheduled_at, now()) <= now()) as waiting,
       count(*) filter (where j.status = 'doing') as doing,
       count(*) filter (where j.status = 'failed') as failed,
       extract(epoch from now() - min(e.at) filter (where j.status = 'todo' and coalesce(j.scheduled_at, now()) <= now()))::float
         as oldest_s
from queue.procrastinate_jobs j
left join lateral (
  select max(greatest(v.at, j.scheduled_at)) as at from queue.procrastinate_events v where v.job_id = j.id
) e on true
group by j.queue_name order by j.queue_name
