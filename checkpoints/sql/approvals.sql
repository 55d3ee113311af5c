-- name: open_approval
-- A return goes to a version that a person approved when the run that made it champion carries an approved request.
-- Returns the request, new or old: the select at the end does not see what this very statement inserts.
with opened as (
  insert into approvals
    (id, run, model, fingerprint, sealed, requested_at, expires_at, quorum, requested_by, returns_to_approved)
  select %(id)s, r.run, %(model)s, %(fingerprint)s, %(sealed)s, %(now)s, %(expires)s, %(quorum)s, r.requested_by,
    r.action = 'rollback' and exists (
      select 1 from promotions p join approvals a on a.run = p.run
      where p.model = %(registry)s and p.to_version = %(challenger)s and a.state = 'approved'
    )
  from runs r where r.run = %(run)s
  on conflict (run) do nothing
  returning *
), viewed as (
  insert into views (run, channel, nonce, due_at)
  select o.run, v.key, v.value::uuid, %(now)s from opened o cross join json_each_text(%(views)s::json) v
), awaited as (
  update runs r set status = 'awaiting_approval', updated_at = %(now)s
  from opened o where r.run = o.run and r.outcome is null
)
select *, '[]'::json as answers from opened
union all
select a.*, (
  select coalesce(json_agg(json_build_object(
    'person', w.person, 'decision', w.decision, 'channel', w.channel, 'at', w.at, 'comment', w.comment, 'os_user', w.os_user
  ) order by w.at, w.person), '[]') from answers w where w.approval = a.id
) as answers
from approvals a where a.run = %(run)s

-- name: approvals_of
select a.*, (
  select coalesce(json_agg(json_build_object(
    'person', w.person, 'decision', w.decision, 'channel', w.channel, 'at', w.at, 'comment', w.comment, 'os_user', w.os_user
  ) order by w.at, w.person), '[]') from answers w where w.approval = a.id
) as answers
from approvals a where a.run = any(%(runs)s::uuid[])

-- name: save_answer
-- The answer, its line in the audit trail, what it makes of the request, and the job that acts on it: together or not at all.
with answered as (
  insert into answers (approval, person, decision, channel, at, comment, os_user)
  values (%(approval)s, %(person)s, %(decision)s, %(channel)s, %(at)s, %(comment)s, %(os_user)s)
), audited as (
  insert into audit (at, actor, act, model, run, detail)
  select %(at)s, %(person)s, %(decision)s, model, run,
         jsonb_build_object('channel', %(channel)s::text, 'os_user', %(os_user)s::text)
  from approvals where id = %(approval)s
), rolling as (
  update runs r set status = 'rolling_out', updated_at = %(at)s
  from approvals a where a.id = %(approval)s and r.run = a.run and r.outcome is null and %(state)s = 'approved'
), viewed as (
  update views v set wanted = wanted + 1, due_at = %(at)s from approvals a where a.id = %(approval)s and v.run = a.run
), woken as (
  insert into queue.procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
  select 'approvals', 'carry_on', 20, 'run:' || a.run, jsonb_build_object('run', a.run) from approvals a where a.id = %(approval)s
  on conflict (queueing_lock) where status = 'todo' do update set scheduled_at = null
)
update approvals set state = %(state)s where id = %(approval)s

-- name: set_state
with viewed as (
  update views set wanted = wanted + 1, due_at = %(now)s where run = %(run)s
)
update approvals set state = %(state)s, reason = %(reason)s where run = %(run)s

-- name: save_promotion
-- A return holds its model in shadow from then on: both rows together or neither.
with moved as (
  insert into promotions (run, model, from_version, to_version, candidate, digest, at)
  values (%(run)s, %(model)s, %(from_version)s, %(to_version)s, %(candidate)s, %(digest)s, %(at)s)
  on conflict (run) do nothing returning run, at
)
insert into demotions (run, model, at)
select r.run, r.model, m.at from moved m join runs r on r.run = m.run where r.action = 'rollback'

-- name: promotion
select * from promotions where run = %(run)s

-- name: last_promotion
select * from promotions where model = %(model)s order by at desc limit 1
