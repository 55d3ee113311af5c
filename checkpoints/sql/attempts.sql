-- name: attempts
-- A promotion begins anew: what is judged from then on is judged beside another champion.
select * from attempts
where model = %(model)s
  and at > coalesce((select max(p.at) from promotions p where p.model = %(registry)s), '-infinity')
order by at, run

-- name: origin
select model, to_version, digest from promotions where model = %(registry)s order by at, run limit 1
