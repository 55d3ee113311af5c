-- What a training login must not be able to do, one statement below its name. Each is tried and taken back.

-- move an alias
insert into registered_model_aliases (name, alias, version) values ('autopilot-doctor', 'champion', 1);

-- register a model that is served
insert into registered_models (name) values ('autopilot-doctor');

-- delete runs
delete from runs;
