-- The canonical bytes of an entry are written into the query that chains them. A function that is called immutable but
-- uses convert_to, which is not, is called for every row instead: that took more than half of the time of a row.
alter function ledger_canonical(
    bigint, timestamptz, bigint, bigint, int, smallint, smallint, smallint, text, text, bytea, text
) stable;
