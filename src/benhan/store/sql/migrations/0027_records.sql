-- Records (hồ sơ bệnh án): where each stands, which papers are in it. What is told of a patient is in the resources;
-- here are states, times, numbers and names of forms.

create table medical_record (
    rid bigint not null,              -- of its Composition
    patient bigint not null,
    encounter bigint not null,
    opened_at timestamptz not null,
    closed_at timestamptz,            -- the treatment ended
    submitted_at timestamptz,
    archived_at timestamptz,
    cancelled_at timestamptz,
    keep_until date,                  -- null: for ever, or not archived yet
    version int not null,             -- counts changes: of two at once, one is told
    papers int not null,              -- the last number given to a paper
    bucket smallint not null,
    state text not null,
    medium text not null,
    form text not null,
    department text not null,
    retention text not null default '',
    storage_number text not null default '',
    primary key (bucket, rid)
);
create index medical_record_patient on medical_record (bucket, patient);
create unique index medical_record_encounter on medical_record (bucket, encounter) where cancelled_at is null;
create index medical_record_work on medical_record (state, department, opened_at);
create index medical_record_number on medical_record (storage_number) where storage_number <> '';

create table record_paper (
    record bigint not null,
    rid bigint not null,              -- of its resource
    added_at timestamptz not null,
    changed_at timestamptz not null,
    cancelled_at timestamptz,
    number int not null,
    version int not null,             -- of its resource, when it was last saved
    bucket smallint not null,
    type smallint not null,           -- of its resource
    state text not null,
    form text not null,               -- '' for what is on no form
    section text not null,
    author text not null,             -- the actor who saved it last
    primary key (bucket, record, number)
);
create index record_paper_open on record_paper (state, author) where cancelled_at is null;

-- What was done to a record and its papers, in order; the reason is sealed with the patient's key.
create table record_act (
    record bigint not null,
    at timestamptz not null,
    number int not null,              -- counted by the record's version
    paper int not null,               -- 0: the record as a whole
    bucket smallint not null,
    act text not null,
    actor text not null,
    role text not null,
    reason bytea,
    primary key (bucket, record, number)
);

-- What somebody has typed and not saved yet, sealed with the patient's key; one a person and paper, written over.
create table paper_draft (
    record bigint not null,
    saved_at timestamptz not null,
    number int not null,
    base int not null,                -- the version that it began from
    bucket smallint not null,
    actor text not null,
    content bytea not null,
    primary key (bucket, record, number, actor)
);

-- Storage numbers by year; counted up only, so that none is given twice.
create table storage_number (
    bucket smallint not null default 0,
    year smallint not null,
    last int not null,
    primary key (bucket, year)
);

create table record_hold (
    record bigint not null,
    placed_at timestamptz not null,
    released_at timestamptz,
    bucket smallint not null,
    order_number text not null,       -- of the written order
    placed_by text not null,
    released_by text not null default '',
    primary key (bucket, record, order_number)
);

-- Prints of a record's papers: what the look-up code on the paper leads to. The code itself is on the paper only.
create table record_print (
    record bigint not null,
    printed_at timestamptz not null,
    paper int not null,               -- 0: the whole record
    version int not null,             -- of the paper, of the record where it is the whole
    bucket smallint not null,
    form text not null,
    printed_by text not null,
    code_hash bytea not null,         -- SHA-256
    content_hash bytea not null,      -- SHA-256 of the PDF
    primary key (bucket, record, code_hash)
);
create index record_print_code on record_print (code_hash);
