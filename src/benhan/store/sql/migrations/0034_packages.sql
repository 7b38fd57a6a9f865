-- Packages of records that came from other hospitals. While one waits for a person it is nobody's here (bucket 0) and
-- sealed with a key of the packages; joined to a patient it is sealed with theirs, byte for byte as it came.

create table record_package (
    id bigint not null,
    received_at timestamptz not null,
    settled_at timestamptz,
    patient bigint not null default 0,
    content_hash bigint not null,     -- keyed: the same package that comes twice is known
    size bigint not null,
    bucket smallint not null default 0,
    state text not null,              -- waiting, faulty, joined, refused
    fault text not null default '',   -- why it cannot be joined
    sender text not null default '',  -- MA_CSKCB, as it says
    brought_by text not null,         -- actor
    settled_by text not null default '',
    about bytea not null,             -- sealed: names for people, reasons
    content bytea not null,           -- sealed: the ZIP
    primary key (bucket, id)
);
create sequence record_package_number;
create unique index record_package_once on record_package (bucket, content_hash);
create index record_package_listed on record_package (bucket, state, id);
create index record_package_patient on record_package (bucket, patient) where patient <> 0;
