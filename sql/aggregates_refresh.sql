-- Brings the continuous aggregate $1 (text) up to date from the beginning of the day $2 to that of the day $3 (date, New York;
-- nulls: everywhere). Only what changed is computed. Not in a transaction. Caller: store::aggregates.
CALL refresh_continuous_aggregate($1::text::regclass, new_york_midnight($2::date), new_york_midnight($3::date))
