-- The latest $2 runs of the profile $1 (null: of all), newest first, without their rows. Grain: run. `edited` says whether the profile
-- means something else than in its next older run; null where that is not known. Caller: store::scan_runs.
SELECT run_id, finished_at, mode, profile, session_date,
       profile_digest <> lag(profile_digest) OVER (PARTITION BY profile ORDER BY run_id) AS edited,
       (counts ->> 'instruments')::bigint AS instruments,
       (counts ->> 'ranked')::bigint AS ranked,
       CASE WHEN counts ? 'fates' THEN coalesce((counts -> 'fates' ->> 'listed')::bigint, 0) ELSE jsonb_array_length(rows) END AS listed,
       (SELECT sum(value::double precision) FROM jsonb_each_text(timings)) AS seconds
FROM scan_runs
WHERE profile = $1 OR $1 IS NULL
ORDER BY run_id DESC
LIMIT $2
