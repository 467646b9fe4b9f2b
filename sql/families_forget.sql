-- Forgets by what the moments of families are computed. Repeatable. Caller: store::definitions.
DELETE FROM families
