-- Keys, wrapped by the key-encryption key. Backed up apart from the content (docs/decisions/0002-keys.md).

create table store_secret (
    name text not null,
    wrapped bytea not null,
    kek_id text not null,             -- of the row 'root': the key-encryption key in force
    bucket smallint not null default 0,
    primary key (bucket, name)
);

create table data_key (
    patient bigint not null,          -- rid of the patient, 0 for the shared compartment
    bucket smallint not null,
    kek_id text not null,
    wrapped bytea,                    -- null once shredded
    created_at timestamptz not null default now(),
    shredded_at timestamptz,
    primary key (bucket, patient)
);
create index data_key_kek on data_key (kek_id) where wrapped is not null; -- rotation asks which are left

-- Large content beside the tables: a file or an S3 object each, sealed with a key of its own.
create table blob (
    address bytea not null,           -- keyed hash of patient and content
    patient bigint not null,          -- whose data key wraps wrapped_key, 0 for the shared one
    size bigint not null,
    sealed_size bigint not null,
    stored_at timestamptz not null,
    bucket smallint not null,
    object bytea not null,            -- names the file
    wrapped_key bytea not null,
    primary key (bucket, address)
);
