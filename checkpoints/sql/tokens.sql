-- name: add
insert into access_tokens (id, person, role, hash, made_at, made_by)
values (%(id)s, %(person)s, %(role)s, %(hash)s, %(now)s, %(by)s)

-- name: holder
select id, person, role from access_tokens where hash = %(hash)s and revoked_at is null

-- name: session
select t.id, t.person, t.role from sessions s join access_tokens t on t.id = s.token
where s.hash = %(hash)s and s.ends_at > %(now)s and t.revoked_at is null

-- name: begin_session
insert into sessions (hash, token, began_at, ends_at) values (%(hash)s, %(token)s, %(now)s, %(ends)s)

-- name: end_session
delete from sessions where hash = %(hash)s

-- name: forget_sessions
delete from sessions where ends_at <= %(now)s

-- name: revoke
update access_tokens set revoked_at = %(now)s, revoked_by = %(by)s
where person = %(person)s and revoked_at is null and (%(id)s::text is null or id::text like %(id)s || '%%')

-- name: all_tokens
select id, person, role, made_at, made_by, revoked_at, revoked_by from access_tokens
where %(person)s::text is null or person = %(person)s order by made_at, id
