-- What is counted, in the statement that writes what is counted: a number that rises only, though rows go one day, and
-- that is read in the same time however many rows there are. `slot` spreads a number over rows: one row would have
-- everybody who decides wait for everybody else's commit.
create table tallies (
  what   text not null,
  label  text not null default '',
  more   text not null default '',
  slot   integer not null,
  amount bigint not null,
  primary key (what, label, more, slot)
) with (fillfactor = 50);

-- How each model stood when it was last checked. A return that a person asked for measured nothing: it is no check.
create table newest_checks (
  model   text primary key,
  at      timestamptz not null,
  verdict text not null,
  action  text not null,
  blocked text[] not null
) with (fillfactor = 50);

create index approvals_waiting on approvals (requested_at) where state = 'pending';
create index alerts_by_time on alerts (received_at);

create function tally(what text, label text default '', more text default '', amount bigint default 1) returns void
language sql as $$
  insert into tallies as t values ($1, $2, $3, pg_backend_pid() % 8, $4)
  on conflict on constraint tallies_pkey do update set amount = t.amount + excluded.amount
$$;

-- The rules that stopped or decided a check. Those named after what an owner watches are one each: owners write many.
create function blocked_rules(decision jsonb) returns text[] language sql immutable as $$
  select coalesce(array_agg(distinct case
    when r->>'rule' like 'reading\_%' then 'reading'
    when r->>'rule' like 'answer\_of\_%' then 'answer_of_monitor'
    else r->>'rule'
  end), '{}')
  from jsonb_array_elements(decision->'rules') r where r->>'outcome' = 'blocked'
$$;

-- They run with their owner's rights: whoever may write a row may have it counted, and count nothing else.
create function count_decision() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
declare
  stopped text[] := blocked_rules(new.document);
  rule text;
begin
  perform tally('decisions', new.document->>'action');
  foreach rule in array stopped loop
    perform tally('blocked', rule, new.document->>'action');
  end loop;
  if exists (select 1 from evidence e where e.run = new.run) then
    perform tally('checks', new.document->>'verdict');
    insert into newest_checks as n values (new.model, new.at, new.document->>'verdict', new.document->>'action', stopped)
    on conflict (model) do update
    set at = excluded.at, verdict = excluded.verdict, action = excluded.action, blocked = excluded.blocked
    where n.at <= excluded.at;
  end if;
  return null;
end $$;
create trigger counted after insert on decisions for each row execute function count_decision();

create function count_outcome() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('runs', new.outcome);
  return null;
end $$;
create trigger outcome_counted after update of outcome on runs for each row
  when (old.outcome is null and new.outcome is not null) execute function count_outcome();

create function count_error() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('errors', new.error->>'kind');
  return null;
end $$;
create trigger error_counted after update of error on runs for each row
  when (new.error is not null) execute function count_error();

create function count_training() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('trainings');
  return null;
end $$;
create trigger counted after insert on trainings for each row execute function count_training();

create function count_promotion() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('promotions', (select r.action from runs r where r.run = new.run));
  return null;
end $$;
create trigger counted after insert on promotions for each row execute function count_promotion();

create function count_answer() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('answers', new.decision, new.channel);
  return null;
end $$;
create trigger counted after insert on answers for each row execute function count_answer();

-- Before, an alert that comes again is counted too; after, only one that was not there.
create function count_alert() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally(tg_argv[0], new.source);
  return new;
end $$;
create trigger received_counted before insert on alerts for each row execute function count_alert('alerts_received');
create trigger stored_counted after insert on alerts for each row execute function count_alert('alerts_stored');

create function count_tokens() returns trigger
language plpgsql security definer set search_path = autopilot, pg_temp as $$
begin
  perform tally('tokens', amount => new.used);
  return null;
end $$;
create trigger counted after update of used on tokens for each row
  when (old.used is null and new.used is not null) execute function count_tokens();

-- What was written before there was anything to count it.
insert into tallies
select 'decisions', document->>'action', '', 0, count(*) from decisions group by 2
union all
select 'blocked', rule, d.document->>'action', 0, count(*) from decisions d, unnest(blocked_rules(d.document)) rule
group by 2, 3
union all
select 'checks', d.document->>'verdict', '', 0, count(*) from decisions d join evidence e on e.run = d.run group by 2
union all
select 'runs', outcome, '', 0, count(*) from runs where outcome is not null group by 2
union all
select 'errors', error->>'kind', '', 0, count(*) from runs where error is not null group by 2
union all
select 'trainings', '', '', 0, count(*) from trainings having count(*) > 0
union all
select 'promotions', r.action, '', 0, count(*) from promotions p join runs r on r.run = p.run group by 2
union all
select 'answers', decision, channel, 0, count(*) from answers group by 2, 3
union all
select each.what, a.source, '', 0, count(*)
from alerts a cross join (values ('alerts_received'), ('alerts_stored')) each (what) group by 1, 2
union all
select 'tokens', '', '', 0, sum(used) from tokens having sum(used) > 0;

insert into newest_checks
select distinct on (d.model) d.model, d.at, d.document->>'verdict', d.document->>'action', blocked_rules(d.document)
from decisions d join evidence e on e.run = d.run order by d.model, d.at desc;
