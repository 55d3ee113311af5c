-- Who may read MLflow's database and write nothing there: a process that neither trains nor promotes. Run by the owner of
-- its tables after every migration. {reader}: a login role.

revoke all on all tables in schema public from {reader};
revoke all on all sequences in schema public from {reader};
grant usage on schema public to {reader};
grant select on all tables in schema public to {reader};
revoke select on secrets, webhooks from {reader};
grant select (webhook_id, workspace) on webhooks to {reader};  -- every client looks whether there are any
