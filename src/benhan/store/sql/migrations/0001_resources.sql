-- Resources: one row a version. docs/decisions/0001-one-row-a-version.md says why.
-- Eight-byte columns stand first, so that no byte is lost to alignment.

create table resource (
    rid bigint not null,              -- bucket << 51 | 51 random or hashed bits
    patient bigint not null,          -- rid of the patient whose compartment it is in, 0 for none
    updated_at timestamptz not null,  -- meta.lastUpdated
    since xid8 not null default pg_current_xact_id(),
    until xid8,                       -- null: current
    at_from timestamptz,              -- the type's main date, half-open
    at_to timestamptz,
    quantity float8,                  -- the type's main quantity, canonical UCUM unit
    version int not null,
    bucket smallint not null,
    type smallint not null,
    tokens bigint[] not null,         -- keyed hashes of the index terms
    content bytea,                    -- sealed; null: deleted
    primary key (bucket, type, rid, version)
);
create index resource_of_patient on resource (bucket, patient, type, at_from);
create index resource_in_order on resource (type, at_from, rid);
create index resource_tokens on resource using gin (tokens) with (fastupdate = on);
create index resource_updated on resource using brin (updated_at) with (pages_per_range = 16);
alter table resource set (autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_scale_factor = 0.05, toast_tuple_target = 4080);
alter table resource alter column content set storage external;
alter table resource alter column tokens set statistics 1000;

create table resource_history (
    rid bigint not null,
    patient bigint not null,
    updated_at timestamptz not null,
    version int not null,
    bucket smallint not null,
    type smallint not null,
    content bytea,
    primary key (bucket, type, rid, version)
);
alter table resource_history alter column content set storage external;

-- Where a resource lives whose rid names another bucket than its patient's.
create table placement (
    rid bigint not null,
    bucket smallint not null,
    type smallint not null,
    at_bucket smallint not null,
    primary key (bucket, type, rid)
);

-- Dates, numbers, quantities and composites besides the main ones; dates in seconds of the epoch.
create table range_index (
    key bigint not null,              -- keyed hash of parameter and unit
    low float8 not null,
    high float8 not null,
    rid bigint not null,
    version int not null,
    bucket smallint not null,
    type smallint not null
);
create index range_index_value on range_index (key, low);
create index range_index_resource on range_index (bucket, type, rid);

create table bulk_import (
    source text not null,             -- name and size of the file
    position bigint not null,         -- bytes taken in and committed
    rejected bigint not null default 0,
    finished_at timestamptz,
    bucket smallint not null default 0,
    primary key (bucket, source)
);
