-- What the stored columns are computed by. Grain: factor. Caller: store::definitions.
SELECT name, version, direction FROM factors
