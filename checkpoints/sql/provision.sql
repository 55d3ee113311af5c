-- name: role_is_superuser
select rolsuper from pg_roles where rolname = %(role)s

-- name: database_exists
select 1 from pg_database where datname = %(database)s

-- name: database_comment
select shobj_description(oid, 'pg_database') from pg_database where datname = %(database)s
