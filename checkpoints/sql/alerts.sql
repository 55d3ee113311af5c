-- name: receive
insert into alerts (dedupe, source, model, name, detail, received_at)
values (%(dedupe)s, %(source)s, %(model)s, %(name)s, %(detail)s, %(now)s) on conflict (dedupe) do nothing

-- name: waiting
-- The models that an alert names and no check has answered yet, those that wait longest first.
select model, min(received_at) as since, count(*) as alerts from alerts where run is null group by model
order by since, model

-- name: answered
-- A check that began after an alert and was decided has looked at it, whoever asked for it. A return that a person asked
-- for measured nothing, and answers none.
update alerts a set run = c.run
from alerts w cross join lateral (
  select r.run from runs r
  where r.model = w.model and r.started_at > w.received_at and r.started_at <= %(now)s and r.action is not null
    and exists (select 1 from evidence e where e.run = r.run)
  order by r.started_at, r.run limit 1
) c
where w.run is null and a.dedupe = w.dedupe and a.run is null

-- name: taken
-- Only what was there when the check began: what came later asks for another look.
update alerts set run = %(run)s where model = %(model)s and run is null and received_at <= %(now)s

-- name: of_run
select source, name, detail, received_at from alerts where run = %(run)s order by received_at, dedupe
