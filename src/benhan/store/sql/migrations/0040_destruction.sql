-- Destruction of records out of their term. A patient's key seals more than one record: who has others is given a new
-- key, what stays is sealed anew, and the key before is gone.
alter table data_key add column wrapped_before bytea;     -- the key before, while not all is sealed anew
alter table data_key add column replaced_at timestamptz;  -- when this key took its place
create index data_key_replacing on data_key (bucket, patient) where wrapped_before is not null;

create table destruction_batch (
    id bigint generated always as identity primary key,
    proposed_at timestamptz not null,
    approved_at timestamptz,
    done_at timestamptz,
    state text not null,              -- proposed, approved, done, dropped
    proposed_by text not null,        -- actor
    approved_by text not null default '',
    done_by text not null default '',
    decision text not null,           -- number of the written decision
    council text not null             -- names and duties of its members, a line each
);
create table destruction_item (
    batch bigint not null,
    record bigint not null,
    patient bigint not null,
    keep_until date not null,
    closed_at timestamptz,
    destroyed_at timestamptz,
    bucket smallint not null,
    state text not null,              -- listed, left_out, destroyed
    storage_number text not null,
    form text not null,
    retention text not null,
    why text not null default '',     -- a fault for which it was left out
    primary key (bucket, batch, record)
);
create unique index destruction_item_once on destruction_item (bucket, record) where state <> 'left_out';
create index destruction_item_batch on destruction_item (batch, storage_number);
