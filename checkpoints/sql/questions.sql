-- name: ask
-- An open question of this kind is not asked again: it grows by what is found meanwhile.
insert into questions as q (model, kind, run, features, since, asked_at, looked_back)
values (%(model)s, %(kind)s, %(run)s, %(features)s, %(since)s, %(now)s, %(looked_back)s)
on conflict (model, kind) where answered_at is null do update
set since = least(q.since, excluded.since),
    looked_back = q.looked_back and excluded.looked_back,
    features = (
      select coalesce(jsonb_agg(distinct name), '[]') from jsonb_array_elements(q.features || excluded.features) name
    )

-- name: answer
-- The answer and what follows from it, together or not at all: what was genuine comes back into evidence and training,
-- what was repaired stays out from the first suspected window to the answer. Flags from before the question stay.
with answered as (
  update questions set answered_at = %(now)s, genuine = %(genuine)s, answered_by = %(by)s, os_user = %(os_user)s,
         comment = %(comment)s
  where answered_at is null and (model = %(model)s or incident = %(incident)s::bigint)
  returning model, kind, run, features, since, asked_at, answered_at, genuine, looked_back
), lifted as (
  update quarantines q set lifted_by = %(by)s, lifted_at = %(now)s
  from answered a
  where a.genuine and q.model = a.model and q.lifted_at is null and q.starts_at >= a.since
), kept as (
  insert into quarantines (model, starts_at, ends_at, reason, set_by, set_at)
  select model, since, %(now)s, 'the ' || kind || ' was broken until it was repaired', %(by)s, %(now)s
  from answered where not genuine and since < %(now)s
  on conflict (model, starts_at, ends_at) where lifted_at is null do nothing
)
select model, kind, features, asked_at, answered_at, genuine, looked_back from answered order by model, kind
