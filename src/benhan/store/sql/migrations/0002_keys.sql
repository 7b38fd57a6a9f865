-- Keys, wrapped by the key-encryption key. Backed up apart from the content (docs/decisions/0002-keys.md).

create table store_secret (
    name text not null,
    wrapped bytea not null,
    kek_id text not null,
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
