-- name: course
-- What the newest checks of a model measured up to a moment, newest first: of each feature only how far it lies from the
-- reference.
select r.run, r.started_at, e.document->>'champion' as champion, e.document->'start' as start, e.document->'end' as "end",
       e.document->'labels' as labels, e.document->'estimate' as estimate,
       coalesce((
         select jsonb_agg(jsonb_build_object('name', f->'name', 'psi', f->'psi', 'psi_noise', f->'psi_noise'))
         from jsonb_array_elements(e.document->'features') f
       ), '[]') as features
from runs r join evidence e on e.run = r.run
where r.model = %(model)s and r.started_at <= %(until)s and e.document is not null
order by r.started_at desc, r.run desc limit %(limit)s

-- name: set_aside
-- As it was when the run was decided: what it learned from, and what it said, rests on that.
select q.starts_at, q.ends_at
from quarantines q join decisions d on d.model = q.model
where d.run = %(run)s and q.set_at <= d.at and (q.lifted_at is null or q.lifted_at > d.at)
order by q.starts_at, q.ends_at

-- name: counted
-- Rows per bin of some features, window by window, and which profile they were counted with.
select w.profile, w.starts_at, w.ends_at, w.revision, (w.counts->>'rows')::bigint as rows, (
         select jsonb_object_agg(name, coalesce(w.counts->'numeric'->name, w.counts->'categorical'->name))
         from unnest(%(names)s::text[]) name
       ) as features
from windows w
where w.model = %(model)s and w.version = '*' and w.source = 'features'
  and w.starts_at >= %(start)s and w.ends_at <= %(end)s
order by w.profile, w.starts_at

-- name: feature_profiles
select document from profiles where model = %(model)s and document ? 'numeric' order by version
