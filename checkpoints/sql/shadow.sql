-- name: standing
-- The newest return that still holds a model in shadow.
select run, at from demotions where model = %(model)s and lifted_at is null order by at desc, run limit 1

-- name: lift
update demotions set lifted_at = %(now)s, lifted_by = %(by)s, os_user = %(os_user)s, comment = %(comment)s
where model = %(model)s and lifted_at is null
returning run, at

-- name: demotions
select run, at, lifted_at from demotions where model = %(model)s order by at, run

-- name: watched
-- What was decided since the model last acted for itself, oldest first, and which version served then. A return that a
-- person asked for is what people did: it shows as another champion.
select r.run, r.started_at as at, r.champion, r.outcome = 'shadowed' as acts from runs r
where r.model = %(model)s and r.action is not null and r.outcome is not null and r.started_at >= %(since)s
  and exists (select 1 from evidence e where e.run = r.run)
  and r.started_at > coalesce(
    (
      select max(a.started_at) from runs a
      where a.model = %(model)s and a.action in ('retrain', 'rollback') and a.outcome is distinct from 'shadowed'
        and exists (select 1 from evidence e where e.run = a.run)
    ), '-infinity')
order by r.started_at, r.run
