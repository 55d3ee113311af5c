-- name: begin
-- The request with this key: the one that was just begun, or the one that came before.
with begun as (
  insert into requests (person, key, digest, at) values (%(person)s, %(key)s, %(digest)s, %(now)s)
  on conflict (person, key) do nothing returning digest, status, body, at, true as first
)
select digest, status, body, at, first from begun
union all
select digest, status, body, at, false from requests where person = %(person)s and key = %(key)s
limit 1

-- name: take_over
update requests set at = %(now)s where person = %(person)s and key = %(key)s and status is null and at = %(at)s

-- name: end
update requests set status = %(status)s, body = %(body)s where person = %(person)s and key = %(key)s

-- name: drop
delete from requests where person = %(person)s and key = %(key)s and status is null

-- name: forget
delete from requests where at < %(before)s
