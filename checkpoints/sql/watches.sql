-- name: all
select model, checked_until, failures, retry_at from watches

-- name: of
select model, checked_until, failures, retry_at from watches where model = any(%(models)s)

-- name: done
-- What was checked stays checked, also for a clock that was set back.
insert into watches (model, checked_until) values (%(model)s, %(tick)s)
on conflict (model) do update
  set checked_until = greatest(watches.checked_until, excluded.checked_until), failures = 0, retry_at = null

-- name: failed
insert into watches (model, failures, retry_at) values (%(model)s, 1, %(retry_at)s)
on conflict (model) do update set failures = watches.failures + 1, retry_at = excluded.retry_at
