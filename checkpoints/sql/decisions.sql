-- name: save_evidence
insert into evidence (run, document) values (%(run)s, %(document)s)
on conflict (run) do update set document = excluded.document

-- name: evidence
select document, folded_at from evidence where run = %(run)s

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
select d.document, d.packed, d.at, coalesce(d.policy, p.document) as policy, d.policy_digest, d.kept, e.folded_at
from decisions d
left join policies p on p.digest = d.policy_of
left join evidence e on e.run = d.run
where d.run = %(run)s

-- name: save_validation
insert into validations (run, document) values (%(run)s, %(document)s) on conflict (run) do nothing

-- name: validations
select run, document from validations where run = any(%(runs)s::uuid[])

-- name: validation
select document from validations where run = %(run)s

-- name: past
-- Every decision of a model with what became of it, oldest first: what a replay starts from. `measured` tells a check
-- from a return that a person asked for; `folded`, that what it measured is gone.
select d.run, d.at, d.document, d.packed, coalesce(d.policy, o.document) as policy, r.outcome, r.started_at, r.updated_at, r.candidate,
       t.started_at as trained_at, p.to_version as promoted,
       exists (select 1 from validations v where v.run = d.run) as judged,
       exists (select 1 from evidence e where e.run = d.run and e.document is not null) as measured,
       d.kept is not distinct from 'reference' as folded
from decisions d
join runs r on r.run = d.run
left join policies o on o.digest = d.policy_of
left join trainings t on t.run = d.run
left join promotions p on p.run = d.run
where d.model = %(model)s
order by d.at, r.started_at, d.run

-- name: questions_asked
select run, kind, features, asked_at, answered_at, genuine, looked_back from questions where model = %(model)s
order by asked_at desc, id desc

-- name: promotions_made
select p.run, p.at, p.to_version, r.candidate from promotions p join runs r on r.run = p.run
where p.model = %(registry)s order by p.at, p.run
