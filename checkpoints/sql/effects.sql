-- name: intend
-- Write the intent if there is none, and return the row that was there before, if there was one.
with written as (
  insert into effects (key, run, kind, intended_at) values (%(key)s, %(run)s, %(kind)s, %(now)s)
  on conflict (key) do nothing
)
select state, result from effects where key = %(key)s

-- name: called
-- `begun` from before the outside system is asked until it is seen to have done nothing.
update effects set state = %(state)s where key = %(key)s and state <> 'done'

-- name: done
update effects set state = 'done', result = %(result)s, external_id = %(external_id)s, done_at = %(now)s
where key = %(key)s

-- name: effects_of
select key, kind, state, external_id, intended_at, done_at from effects where run = %(run)s order by intended_at, key
