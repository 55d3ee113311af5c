-- name: counted
select what, label, more, sum(amount)::bigint as amount from tallies group by what, label, more order by what, label, more

-- name: newest_checks
select model, at, verdict, action, blocked from newest_checks

-- name: open_runs
-- `seen_at`: when the one of this status that nobody touched for longest was touched. What a person paused has no age.
select status, count(*) as runs, count(*) filter (where paused) as paused,
       min(started_at) filter (where not paused) as started_at, min(updated_at) filter (where not paused) as seen_at
from (
  select status, started_at, updated_at, %(every)s or model = any(%(held)s) as paused from runs where outcome is null
) open_run group by status

-- name: waiting
-- What waits for a person, and for a check: counts of all of it, times only of what may go on.
with asked as (
  select requested_at, expires_at, %(every)s or model = any(%(held)s) as paused from approvals where state = 'pending'
)
select
  (select count(*) from asked) as approvals,
  (select min(requested_at) from asked where not paused) as asked_at,
  (select min(expires_at) from asked where not paused) as expires_at,
  (select count(*) from alerts where run is null) as alerts,
  (select min(received_at) from alerts where run is null and model = any(%(running)s)) as alerted_at

-- name: questions
select kind, count(*) as questions, min(asked_at) as asked_at from questions where answered_at is null group by kind

-- name: untold
-- How often each channel was tried in vain for what it has still to be told.
select channel, count(*) as waiting, max(tries) as tries from (
  select channel, tries from views where shown < wanted
  union all
  select channel, tries from lines where sent_at is null
) due group by channel

-- name: alerts_by_model
select model, count(*) as alerts from alerts where received_at > %(since)s
group by model order by alerts desc, model limit %(limit)s
