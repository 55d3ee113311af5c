-- name: standing
select scope, name, paused_by, paused_at, reason from pauses where lifted_at is null order by paused_at, id

-- name: pause
-- The pause, its line in the audit trail and that channels show it, together or not at all. No row where the same is paused
-- already. Channels show it of `models`; of all where nobody could say which models are meant.
with paused as (
  insert into pauses (scope, name, reason, paused_by, os_user, paused_at)
  values (%(scope)s, %(name)s, %(reason)s, %(by)s, %(os_user)s, %(now)s)
  on conflict (scope, coalesce(name, '')) where lifted_at is null do nothing
  returning scope, name, paused_by, paused_at, reason
), audited as (
  insert into audit (at, actor, act, model, detail)
  select %(now)s, paused_by, 'pause', case when scope = 'model' then name end,
         jsonb_build_object('scope', scope, 'name', name, 'reason', reason, 'os_user', %(os_user)s::text)
  from paused
), viewed as (
  update views v set wanted = wanted + 1, due_at = %(now)s from paused, runs r
  where r.run = v.run and r.outcome is null and (%(models)s::text[] is null or r.model = any(%(models)s::text[]))
)
select * from paused

-- name: unpause
-- Whom a tag held is known to nobody any more: the file may have changed since. What channels show is told anew of all.
with lifted as (
  update pauses set lifted_by = %(by)s, lifted_os_user = %(os_user)s, lifted_at = %(now)s, lifted_reason = %(reason)s
  where scope = %(scope)s and name is not distinct from %(name)s and lifted_at is null
  returning scope, name, paused_by, paused_at, reason
), audited as (
  insert into audit (at, actor, act, model, detail)
  select %(now)s, %(by)s, 'unpause', case when scope = 'model' then name end,
         jsonb_build_object('scope', scope, 'name', name, 'reason', %(reason)s::text, 'os_user', %(os_user)s::text)
  from lifted
), viewed as (
  update views v set wanted = wanted + 1, due_at = %(now)s from lifted, runs r
  where r.run = v.run and r.outcome is null and (lifted.scope <> 'model' or r.model = lifted.name)
)
select * from lifted
