-- The product of numbers, multiplied from 1 in the order in which the aggregate gets them: ask for that order, or for a window,
-- and it has the bits of the same product in the arithmetic. A null leaves it as it is.
CREATE OR REPLACE AGGREGATE product (factor double precision) (
    SFUNC = float8mul,
    STYPE = double precision,
    INITCOND = '1'
);
COMMENT ON AGGREGATE product (double precision) IS 'Product in the order given: product(ratio ORDER BY ex_date). 1 without numbers.';
