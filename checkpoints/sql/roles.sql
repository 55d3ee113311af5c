-- The logins of a deployment whose processes may not all do the same, and what each may write in the ledger's database.
-- Run by the owner of its tables. What a role is not granted here it does not have: nobody but the owner deletes a run, a
-- decision or a line of the audit trail, lifts a pause, revokes a token, or changes the schema.
--
-- viewer    reads the ledger, but for tokens, sessions and what was answered to requests
-- observer  checks, decisions, validations; opens a request for approval, and voids or expires it
-- trainer   the run's job, its price and its candidate
-- promoter  the release, the aliases, the promotion; voids a request
-- doors     what people do: sign in, ask for a check, answer; what channels are told

-- name: create
-- Without a password: nobody can log in as one of them until somebody gives it one.
do $$ declare wanted text; begin
  foreach wanted in array array['autopilot_viewer', 'autopilot_observer', 'autopilot_trainer', 'autopilot_promoter',
                                'autopilot_doors'] loop
    if not exists (select 1 from pg_roles where rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
  end loop;
end $$;

-- name: grant
do $$ begin
  execute format('grant connect on database %I to autopilot_viewer, autopilot_observer, autopilot_trainer, '
                 'autopilot_promoter, autopilot_doors', current_database());
end $$;

revoke all on all tables in schema autopilot, queue, langgraph
  from autopilot_viewer, autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;
revoke all on all sequences in schema autopilot, queue, langgraph
  from autopilot_viewer, autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;

grant usage on schema autopilot, queue, langgraph
  to autopilot_viewer, autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;
grant select on all tables in schema autopilot, queue
  to autopilot_viewer, autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;
revoke select on autopilot.access_tokens, autopilot.sessions, autopilot.requests
  from autopilot_viewer, autopilot_observer, autopilot_trainer, autopilot_promoter;

-- The queue says what to look at, and is no truth: any worker may put, take and lose any job.
grant insert, update, delete on all tables in schema queue
  to autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;
grant usage on all sequences in schema queue
  to autopilot_observer, autopilot_trainer, autopilot_promoter, autopilot_doors;

-- Where a run goes on. What may be done there is asked of the ledger, not of the thread.
grant select on all tables in schema langgraph to autopilot_observer, autopilot_trainer, autopilot_promoter;
grant insert, update on langgraph.checkpoints, langgraph.checkpoint_blobs, langgraph.checkpoint_writes
  to autopilot_observer, autopilot_trainer, autopilot_promoter;

set local search_path = autopilot;

grant insert on traces, trace_places to autopilot_observer, autopilot_trainer, autopilot_promoter;
grant update (url) on trace_places to autopilot_observer, autopilot_trainer, autopilot_promoter;

-- Carrying a run on: how it stands, why it stands still, how it ended.
grant update (status, outcome, reason, error, updated_at) on runs
  to autopilot_observer, autopilot_trainer, autopilot_promoter;

grant insert (run, model, requested_by, os_user, started_at, updated_at) on runs to autopilot_observer, autopilot_doors;
grant update (verdict, cause, action, champion, challenger, candidate, void_reason) on runs to autopilot_observer;
grant insert on evidence, decisions, profiles, windows, quarantines, questions, validations, tokens, watches
  to autopilot_observer;
grant update (document) on evidence to autopilot_observer;
grant update (closed, revision, counts, stamp) on windows to autopilot_observer;
grant update (features, since, looked_back) on questions to autopilot_observer;
grant update (used) on tokens to autopilot_observer;
grant update (checked_until, failures, retry_at) on watches to autopilot_observer;
-- Wishes for a training slot, what was granted, and which questions have one cause.
grant insert, update, delete on claims to autopilot_observer;
grant insert on grants, incidents to autopilot_observer;
grant update (incident) on questions to autopilot_observer;
grant insert on approvals to autopilot_observer;
grant insert (run, channel, nonce, due_at) on views to autopilot_observer;
grant update (run) on alerts to autopilot_observer;

grant update (job, challenger, candidate) on runs to autopilot_trainer;
grant insert on trainings, costs to autopilot_trainer;
grant update (price, seconds, settled_at) on costs to autopilot_trainer;

grant insert on promotions, demotions to autopilot_promoter;

grant insert on effects to autopilot_trainer, autopilot_promoter;
grant update (state, result, external_id, done_at) on effects to autopilot_trainer, autopilot_promoter;

grant update (state, reason) on approvals to autopilot_observer, autopilot_promoter, autopilot_doors;
grant update (wanted, due_at) on views to autopilot_observer, autopilot_promoter;

grant update (status, updated_at) on runs to autopilot_doors;
grant insert on answers, audit, alerts, sessions, requests, lines to autopilot_doors;
grant update (reminded, escalated) on approvals to autopilot_doors;
grant update (told_at) on incidents to autopilot_doors;
grant update on views, lines, requests to autopilot_doors;
grant delete on sessions, requests to autopilot_doors;

-- Nobody but the doors, where people answer, makes a request approved; what is closed stays closed.

alter table approvals enable row level security;
drop policy if exists read_all on approvals;
drop policy if exists opens on approvals;
drop policy if exists overtakes on approvals;
drop policy if exists voids on approvals;
drop policy if exists answers on approvals;
create policy read_all on approvals for select using (true);
create policy opens on approvals for insert to autopilot_observer with check (state = 'pending');
create policy overtakes on approvals for update to autopilot_observer
  using (state = 'pending') with check (state in ('pending', 'expired', 'voided'));
create policy voids on approvals for update to autopilot_promoter
  using (state = 'approved') with check (state = 'voided');
create policy answers on approvals for update to autopilot_doors
  using (state = 'pending') with check (state in ('pending', 'approved', 'denied', 'voided'));

-- What has been done once is not done again: nobody says so of another's deed, and the promoter registers what it
-- uploaded itself.

alter table effects enable row level security;
drop policy if exists read_all on effects;
drop policy if exists trains on effects;
drop policy if exists promotes on effects;
create policy read_all on effects for select using (true);
create policy trains on effects to autopilot_trainer using (kind in ('training', 'candidate'));
create policy promotes on effects to autopilot_promoter using (kind in ('release', 'version', 'champion', 'previous'));

-- name: granted
-- Whether this database knows the roles: what a migration brings is then granted, too.
select exists (select 1 from pg_roles where rolname = 'autopilot_viewer')
   and exists (
     select 1 from pg_namespace n cross join aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee
     where n.nspname = 'autopilot' and r.rolname = 'autopilot_viewer'
   ) as granted

-- name: standing
-- What this login may do in the ledger, found in its rights and not in its name.
select current_user::text as role, r.rolsuper as superuser,
       pg_has_role(current_user, t.tableowner, 'usage') as owner,
       has_table_privilege('autopilot.decisions', 'insert') as observe,
       has_table_privilege('autopilot.trainings', 'insert') as train,
       has_table_privilege('autopilot.promotions', 'insert') as promote,
       has_table_privilege('autopilot.answers', 'insert') as doors
from pg_roles r cross join pg_tables t
where r.rolname = current_user and t.schemaname = 'autopilot' and t.tablename = 'runs'

-- name: reader_known
-- Whether MLflow's reading login was let into MLflow's database.
select exists (
  select 1 from pg_database d cross join aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
  where d.datname = %(database)s and r.rolname = %(reader)s
)
