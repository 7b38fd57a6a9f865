-- Nodes of a day's Merkle tree over 256 entries each, kept when its root is signed: a proof then reads one such stretch
-- and the nodes beside it, not the whole day. They are computed from the entries and prove nothing by themselves.
create table ledger_branch (
    first_seq bigint not null,        -- of the day's root
    number int not null,
    bucket smallint not null default 0,
    hash bytea not null,
    primary key (bucket, first_seq, number)
);
