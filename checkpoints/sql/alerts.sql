-- name: receive
insert into alerts (dedupe, source, model, name, detail, received_at)
values (%(dedupe)s, %(source)s, %(model)s, %(name)s, %(detail)s, %(now)s) on conflict (dedupe) do nothing

-- name: waiting
-- The models that an alert names and no check has answered yet, those that wait longest first.
select model, min(received_at) as since, count(*) as alerts from alerts where run is null group by model
order by since, model

-- name: taken
-- Only what was there when the check began: what came later asks for another look.
update alerts set run = %(run)s where model = %(model)s and run is null and received_at <= %(now)s

-- name: of_run
select source, name, detail, received_at from alerts where run = %(run)s order by received_at, dedupe
