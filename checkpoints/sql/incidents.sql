-- name: alone
-- Open questions without an incident that were asked lately.
select id, model, kind, features, asked_at from questions
where answered_at is null and incident is null and asked_at > %(since)s order by id

-- name: standing
-- Open incidents: those with a question that nobody answered.
select i.id, i.kind, i.name, i.opened_at, i.told_at, q.newest, q.models
from incidents i cross join lateral (
  select max(asked_at) as newest, array_agg(model order by model) filter (where answered_at is null) as models
  from questions where incident = i.id
) q
where q.models is not null order by i.id

-- name: open
with opened as (
  insert into incidents (kind, name, opened_at) values (%(kind)s, %(name)s, %(now)s) returning id
)
update questions q set incident = o.id from opened o where q.id = any(%(questions)s::bigint[])

-- name: join
update questions set incident = %(incident)s where id = any(%(questions)s::bigint[])

-- name: told
update incidents set told_at = %(now)s where id = %(incident)s and told_at is null
