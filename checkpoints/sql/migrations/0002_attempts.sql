-- Every judgement of a challenger on labelled rows. A view: the validation is the truth, so the two can never differ.
create view attempts as
select v.run, r.model,
       v.document->'challenger' as challenger,
       v.document->'champion'->>'version' as champion,
       v.document->'origin'->>'version' as origin,
       v.document->'holdout'->>'digest' as holdout,
       (v.document->'holdout'->>'start')::timestamptz as starts_at,
       (v.document->'holdout'->>'end')::timestamptz as ends_at,
       v.document->>'outcome' as outcome,
       jsonb_path_query_first(v.document, '$.checks[*] ? (@.name == "superiority").outcome') #>> '{}' as superiority,
       coalesce((v.document->>'alpha')::double precision, 0) as alpha,
       (v.document->>'validated_at')::timestamptz as at
from validations v join runs r on r.run = v.run
where jsonb_typeof(v.document->'holdout') = 'object';
