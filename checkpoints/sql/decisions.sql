-- name: save_evidence
insert into evidence (run, document) values (%(run)s, %(document)s)
on conflict (run) do update set document = excluded.document

-- name: evidence
select document from evidence where run = %(run)s

-- name: save_decision
-- The decision and what it makes of the run, together or not at all.
with decided as (
  insert into decisions (run, model, at, document, policy, policy_digest)
  values (%(run)s, %(model)s, %(now)s, %(document)s, %(policy)s, %(digest)s)
  on conflict (run) do nothing returning run
)
update runs r set verdict = %(verdict)s, cause = %(cause)s, action = %(action)s, reason = %(reason)s,
       champion = %(champion)s, outcome = %(outcome)s, updated_at = %(now)s,
       status = case when %(outcome)s::text is null then 'running' else 'done' end,
       challenger = %(challenger)s
from decided d where r.run = d.run

-- name: decision
select document, at, policy, policy_digest from decisions where run = %(run)s

-- name: decided_under
select policy_digest from decisions where run = %(run)s

-- name: save_validation
insert into validations (run, document) values (%(run)s, %(document)s) on conflict (run) do nothing

-- name: validations
select run, document from validations where run = any(%(runs)s::uuid[])

-- name: validation
select document from validations where run = %(run)s
