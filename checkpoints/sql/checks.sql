-- name: course
-- What the newest checks of a model measured up to a moment, newest first: of each feature only how far it lies from the
-- reference.
select r.run, r.started_at, e.document->>'champion' as champion, e.document->'start' as start, e.document->'end' as "end",
       e.document->'labels' as labels,
       coalesce((
         select jsonb_agg(jsonb_build_object('name', f->'name', 'psi', f->'psi', 'psi_noise', f->'psi_noise'))
         from jsonb_array_elements(e.document->'features') f
       ), '[]') as features
from runs r join evidence e on e.run = r.run
where r.model = %(model)s and r.started_at <= %(until)s
order by r.started_at desc, r.run desc limit %(limit)s
