-- What the stored moments of families are computed by. Grain: family. Caller: store::definitions.
SELECT name, members FROM families
