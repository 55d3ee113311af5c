-- name: standing
-- `begun`: its start was intended already, so there may be a job that nobody can refuse any more.
select exists (select 1 from costs where run = %(run)s) as reserved,
       exists (select 1 from effects where run = %(run)s and kind = 'training') as begun

-- name: reserve
insert into costs (run, model, at, currency, most, per_run, per_minute)
values (%(run)s, %(model)s, %(now)s, %(currency)s, %(most)s, %(per_run)s, %(per_minute)s)
on conflict (run) do nothing

-- name: expenses
-- What is not settled counts with the most that it may be: its job may run as long as it may.
select at, coalesce(price, most) as amount from costs
where currency = %(currency)s and at > %(since)s and (%(model)s::text is null or model = %(model)s)
order by at, run

-- name: release
-- Only where no job was ever seen.
update costs c set price = 0, settled_at = %(now)s
from runs r where c.run = %(run)s and r.run = c.run and r.job is null and c.price is null

-- name: one
select * from costs where run = %(run)s

-- name: all
select * from costs order by at, run
