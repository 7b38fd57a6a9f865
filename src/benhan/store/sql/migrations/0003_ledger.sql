-- The ledger. An act writes to ledger_pending in its own transaction; one writer moves the rows, in commit order as it
-- sees them, to ledger_entry and chains them, so that writers never queue behind each other.

create table ledger_pending (
    id bigint generated always as identity,
    at timestamptz not null,
    patient bigint not null,
    rid bigint not null,
    version int not null,
    bucket smallint not null,
    event smallint not null,
    type smallint not null,
    actor text not null,
    role text not null,
    trace bytea not null,
    detail text not null,
    primary key (bucket, id)
);

create table ledger_entry (
    seq bigint not null,
    at timestamptz not null,
    patient bigint not null,
    rid bigint not null,
    version int not null,
    bucket smallint not null,
    event smallint not null,
    type smallint not null,
    actor text not null,
    role text not null,
    trace bytea not null,
    detail text not null,
    hash bytea not null,              -- SHA-256 over the hash before and this row
    primary key (seq, bucket)
);
create index ledger_entry_patient on ledger_entry (bucket, patient, seq) where patient <> 0;
create index ledger_entry_trace on ledger_entry (trace) where trace <> '\x00000000000000000000000000000000';

create table ledger_head (
    bucket smallint not null default 0,
    seq bigint not null,
    hash bytea not null,
    primary key (bucket)
);
insert into ledger_head (seq, hash) values (0, '\x0000000000000000000000000000000000000000000000000000000000000000');

create table ledger_root (
    day date not null,                -- in Vietnam's time
    first_seq bigint not null,
    last_seq bigint not null,
    root bytea not null,
    signature bytea not null,
    bucket smallint not null default 0,
    primary key (bucket, day)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only';
end $$;
create trigger ledger_entry_is_final before update or delete or truncate on ledger_entry
    for each statement execute function refuse_change();
create trigger ledger_root_is_final before update or delete or truncate on ledger_root
    for each statement execute function refuse_change();
