-- Takes the statements of periods before $1 (date; null: all) out of staging. Caller: store::statements.
DELETE FROM staged_statements WHERE $1::date IS NULL OR period_end < $1
