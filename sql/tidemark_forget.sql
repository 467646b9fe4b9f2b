-- Forgets the tidemark of job $1. Repeatable. Caller: store::change_log.
DELETE FROM tidemarks WHERE job = $1
