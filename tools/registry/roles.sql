-- Who may write what in MLflow's database. Run by the owner of its tables, in one transaction, after every migration.
-- {trainer}, {promoter}: login roles. {releases}: the name of the promoter's experiment. {database}: this database.
--
-- trainer   logs runs, metrics and models, and registers versions of models named *-candidates
-- promoter  writes in the releases experiment, registers versions of any model, moves aliases
-- neither   deletes a row, changes the schema, or reads where MLflow keeps secrets

revoke create on schema public from public;
revoke temporary on database {database} from public;
revoke all on all tables in schema public from {trainer}, {promoter};
revoke all on all sequences in schema public from {trainer}, {promoter};

grant usage on schema public to {trainer}, {promoter};
grant select on all tables in schema public to {trainer}, {promoter};
revoke select on secrets, webhooks from {trainer}, {promoter};
grant select (webhook_id, workspace) on webhooks to {trainer}, {promoter};  -- every client looks whether there are any

grant insert, update on
  runs, tags, params, metrics, latest_metrics,
  logged_models, logged_model_tags, logged_model_params, logged_model_metrics,
  datasets, inputs, input_tags,
  trace_info, trace_tags, trace_request_metadata, trace_metrics, spans, span_metrics, assessments
  to {trainer};
grant insert, update on experiment_tags to {trainer};
grant insert, update (artifact_location) on experiments to {trainer};  -- a new one gets its location in a second statement
grant usage on sequence experiments_experiment_id_seq to {trainer};

grant insert, update on runs, tags, params, metrics, latest_metrics to {promoter};

grant insert, update on registered_models, model_versions, model_version_tags to {trainer}, {promoter};
grant insert, update on registered_model_aliases to {promoter};

-- MLflow refuses to start for everybody once anything exists outside the workspace `default`.

alter table registered_models enable row level security;
drop policy if exists read_all on registered_models;
drop policy if exists trainer_writes on registered_models;
drop policy if exists promoter_writes on registered_models;
create policy read_all on registered_models for select using (true);
create policy trainer_writes on registered_models to {trainer}
  using (name like '%-candidates' and workspace = 'default');
create policy promoter_writes on registered_models to {promoter} using (workspace = 'default');

alter table model_versions enable row level security;
drop policy if exists read_all on model_versions;
drop policy if exists trainer_writes on model_versions;
drop policy if exists promoter_writes on model_versions;
create policy read_all on model_versions for select using (true);
create policy trainer_writes on model_versions to {trainer} using (name like '%-candidates');
create policy promoter_writes on model_versions to {promoter} using (true);

alter table model_version_tags enable row level security;
drop policy if exists read_all on model_version_tags;
drop policy if exists trainer_writes on model_version_tags;
drop policy if exists promoter_writes on model_version_tags;
create policy read_all on model_version_tags for select using (true);
create policy trainer_writes on model_version_tags to {trainer} using (name like '%-candidates');
create policy promoter_writes on model_version_tags to {promoter} using (true);

alter table experiments enable row level security;
drop policy if exists read_all on experiments;
drop policy if exists trainer_writes on experiments;
create policy read_all on experiments for select using (true);
create policy trainer_writes on experiments to {trainer} using (name <> {releases} and workspace = 'default');

-- A release counts by its run, that run's tags and its metrics: no trainer may write or forge one of these.

do $$
declare
  place text;
begin
  foreach place in array array['runs', 'experiment_tags', 'logged_models', 'logged_model_tags', 'logged_model_params',
                               'logged_model_metrics'] loop
    execute format('alter table %I enable row level security', place);
    execute format('drop policy if exists read_all on %I', place);
    execute format('drop policy if exists trainer_writes on %I', place);
    execute format('drop policy if exists promoter_writes on %I', place);
    execute format('create policy read_all on %I for select using (true)', place);
    execute format($policy$
      create policy trainer_writes on %I to {trainer} using (not exists (
        select from experiments e where e.experiment_id = %I.experiment_id and e.name = {releases}))
    $policy$, place, place);
    execute format($policy$
      create policy promoter_writes on %I to {promoter} using (exists (
        select from experiments e where e.experiment_id = %I.experiment_id and e.name = {releases}))
    $policy$, place, place);
  end loop;
  foreach place in array array['tags', 'params', 'metrics', 'latest_metrics'] loop
    execute format('alter table %I enable row level security', place);
    execute format('drop policy if exists read_all on %I', place);
    execute format('drop policy if exists trainer_writes on %I', place);
    execute format('drop policy if exists promoter_writes on %I', place);
    execute format('create policy read_all on %I for select using (true)', place);
    execute format($policy$
      create policy trainer_writes on %I to {trainer} using (not exists (
        select from runs r join experiments e using (experiment_id)
        where r.run_uuid = %I.run_uuid and e.name = {releases}))
    $policy$, place, place);
    execute format($policy$
      create policy promoter_writes on %I to {promoter} using (exists (
        select from runs r join experiments e using (experiment_id)
        where r.run_uuid = %I.run_uuid and e.name = {releases}))
    $policy$, place, place);
  end loop;
end $$;
