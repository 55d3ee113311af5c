-- name: screen
-- All that the screen of the fleet shows, in one statement: a row per model that has runs, and one without a model that
-- carries what is said once. Names are found by leaping from one to the next: reading all runs to know the models would
-- take longer every day.
with recursive known(model) as (
  select (select r.model from runs r order by r.model limit 1)
  union all
  -- The last leap finds none: that is the row without a model.
  select (select r.model from runs r where r.model > k.model order by r.model limit 1) from known k where k.model is not null
), budgets as (
  select * from jsonb_to_recordset(%(budgets)s) as b(model text, currency text, since timestamptz)
), spent as (
  select b.model, coalesce(sum(coalesce(c.price, c.most)), 0) as amount
  from budgets b left join costs c on c.currency = b.currency and c.at > b.since and c.model = b.model
  where b.model is not null group by b.model
  union all
  select null, coalesce(sum(coalesce(c.price, c.most)), 0)
  from budgets b left join costs c on c.currency = b.currency and c.at > b.since
  where b.model is null group by b.model
)
select m.model, d.verdict, d.cause, d.action, d.reason, coalesce((
         -- What that check, or a return after it, put in place of the champion that it saw.
         select p.to_version from runs r join promotions p on p.run = r.run
         where r.model = m.model and r.started_at >= d.started_at order by p.at desc limit 1
       ), d.champion) as champion, d.started_at as checked_at, d.run as checked_by,
       a.run as active, a.status as active_status, a.error->>'message' as active_error,
       n.started_at as begun_at, case when n.outcome = 'failed' then n.run end as failed, n.reason as failure,
       b.rule as blocked_by, b.packed as blocked_in,
       exists (select 1 from demotions x where x.model = m.model and x.lifted_at is null) as demoted,
       case when m.model is null then (
         select jsonb_agg(jsonb_build_object('scope', scope, 'name', name, 'by', paused_by, 'at', paused_at, 'reason', reason)
                          order by paused_at, id)
         from pauses where lifted_at is null
       ) end as pauses,
       case when m.model is null then (select jsonb_agg(to_jsonb(s)) from spent s) end as spent,
       case when m.model is null then (
         select jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind, 'name', i.name, 'opened_at', i.opened_at, 'models', q.models)
                          order by i.id)
         from incidents i cross join lateral (
           select jsonb_agg(model order by model) as models from questions where incident = i.id and answered_at is null
         ) q where q.models is not null
       ) end as incidents
from known m
left join lateral (
  -- A return that a person asked for measured nothing: it is no check.
  select r.* from runs r
  where r.model = m.model and r.action is not null and exists (select 1 from evidence e where e.run = r.run)
  order by r.started_at desc, r.run desc limit 1
) d on true
left join lateral (
  -- The newest check, where it is not that one: it is being made, or it could not be made, and then what was known
  -- before is no news of the model any more.
  select newest.* from (
    select r.* from runs r where r.model = m.model order by r.started_at desc, r.run desc limit 1
  ) newest where newest.action is null
) n on true
left join runs a on a.model = m.model and a.action in ('retrain', 'rollback') and a.outcome is null
left join lateral (
  -- The rules of a decision that is kept by reference are packed: who asks unpacks them.
  select x.packed, (
    select rule.value->>'rule' from jsonb_array_elements(x.document->'rules') with ordinality as rule(value, place)
    where rule.value->>'outcome' = 'blocked' and rule.value->>'rule' = any(%(restraints)s::text[])
    order by rule.place desc limit 1
  ) as rule
  from decisions x
  where a.run is null and d.action in ('none', 'wait') and (d.verdict = 'degraded' or d.cause = 'no_champion')
    and x.run = d.run
) b on true
order by m.model nulls first
