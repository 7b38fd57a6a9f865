-- What patients and their representatives ask of a record in writing, by when it must be answered, what was given.
create sequence record_request_number;
create table record_request (
    id bigint not null,
    record bigint not null,
    patient bigint not null,
    asked_at timestamptz not null,
    settled_at timestamptz,
    acknowledge_on date not null,     -- by the end of which day its receipt must be told
    due_on date not null,             -- by the end of which day it must be answered
    bucket smallint not null,
    state text not null,              -- asked, acknowledged, agreed, refused, answered, withdrawn
    scope text not null,              -- summary, copy, package
    way text not null,                -- desk, book
    asker text not null,              -- patient, and kinds of representatives
    taken_by text not null,
    decided_by text not null default '',
    settled_by text not null default '',
    told bytea not null,              -- sealed with the patient's key: who asks, with which paper, reasons
    primary key (bucket, id)
);
create index record_request_open on record_request (due_on, id) where state in ('asked', 'acknowledged', 'agreed');
create index record_request_patient on record_request (bucket, patient);
