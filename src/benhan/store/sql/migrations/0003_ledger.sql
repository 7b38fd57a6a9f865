-- The ledger. An act writes to ledger_pending in its own transaction; one writer moves the rows, in the order in which
-- it finds them committed, to ledger_entry and chains them, so that writers never queue behind each other.

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
    primary key (id, bucket)
);
alter table ledger_pending set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, autovacuum_vacuum_cost_delay = 0
);

create table ledger_entry (
    seq bigint not null,              -- 1, 2, 3 … without a gap
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
    hash bytea not null,              -- SHA-256 of the hash before and the canonical bytes of this row
    primary key (seq, bucket)
);
create index ledger_entry_patient on ledger_entry (patient, seq) where patient <> 0;
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

create function ledger_canonical(
    seq bigint, at timestamptz, patient bigint, rid bigint, version int, bucket smallint, event smallint, type smallint,
    actor text, role text, trace bytea, detail text
) returns bytea language sql immutable as $$
    select int8send(seq) || timestamptz_send(at) || int8send(patient) || int8send(rid) || int4send(version)
        || int2send(bucket) || int2send(event) || int2send(type)
        || int4send(octet_length(actor)) || convert_to(actor, 'UTF8')
        || int4send(octet_length(role)) || convert_to(role, 'UTF8')
        || int4send(octet_length(trace)) || trace
        || int4send(octet_length(detail)) || convert_to(detail, 'UTF8')
$$;

-- ledger_chain(first hash, canonical bytes): the hash of a row, as a running aggregate over the rows in order.
create function ledger_link(last bytea, first bytea, canonical bytea) returns bytea
    language sql immutable as $$ select sha256(coalesce(last, first) || canonical) $$;
create aggregate ledger_chain(first bytea, canonical bytea) (sfunc = ledger_link, stype = bytea);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only';
end $$;
create trigger ledger_entry_is_final before update or delete or truncate on ledger_entry
    for each statement execute function refuse_change();
create trigger ledger_root_is_final before update or delete or truncate on ledger_root
    for each statement execute function refuse_change();
