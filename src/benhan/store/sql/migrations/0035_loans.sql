-- Archived records lent to somebody for a purpose and a time; and the paper parts of records that have some.

create sequence record_loan_number;
create table record_loan (
    id bigint not null,
    record bigint not null,
    patient bigint not null,
    asked_at timestamptz not null,
    decided_at timestamptz,
    ends_at timestamptz,              -- until when it is lent
    ended_at timestamptz,             -- returned or revoked
    sheets int not null default 0,    -- of its paper parts that are handed out
    bucket smallint not null,
    state text not null,              -- asked, lent, refused, returned, revoked
    borrower text not null,           -- actor
    decided_by text not null default '',
    ended_by text not null default '',
    told bytea not null,              -- sealed with the patient's key: purpose, reasons
    primary key (bucket, id)
);
create index record_loan_open on record_loan (state, ends_at) where state in ('asked', 'lent');
create index record_loan_record on record_loan (bucket, record);

create table record_part (
    record bigint not null,
    changed_at timestamptz not null,
    number int not null,
    sheets int not null,
    bucket smallint not null,
    place text not null,              -- where it stands: room, shelf, box
    what text not null,               -- films, consent on paper: a kind, no content
    changed_by text not null,
    primary key (bucket, record, number)
);
