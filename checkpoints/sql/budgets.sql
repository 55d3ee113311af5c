-- name: spent
-- What is not settled counts in full: its question may have been sent.
select coalesce(sum(coalesce(used, reserved)) filter (where model = %(model)s), 0) as by_model,
       coalesce(sum(coalesce(used, reserved)), 0) as by_fleet
from tokens where at > %(since)s

-- name: reserve
insert into tokens (run, model, at, reserved) values (%(run)s, %(model)s, %(now)s, %(tokens)s)
on conflict (run) do nothing

-- name: settle
update tokens set used = %(used)s where run = %(run)s and used is null
