-- Who may see which patient: relations of care as rows, kept up to date by what is written, so that every statement that
-- reads decides by itself. Nothing here is told of an illness; a row ends, it is not removed, so that it can be said later
-- why somebody could look.

create table care_relation (
    patient bigint not null,
    source bigint not null,           -- rid of the Encounter or of the record, number of the grant or the emergency
    record bigint not null default 0, -- 0: whatever there is of the patient; else this record alone
    from_at timestamptz not null,
    until_at timestamptz not null,
    bucket smallint not null,
    uses smallint not null,           -- bits: 1 read, 2 copy, 4 print, 8 export, 16 share, 32 write
    archived boolean not null default false,
    key text not null,                -- kind and holder: department/K01, person/licence, grant/account:17
    primary key (bucket, patient, key, source, record)
);
create index care_relation_key on care_relation (key, until_at);

-- Leave that was given to one account for one patient or one record: students, practitioners from elsewhere, loans.
create table access_grant (
    id bigint generated always as identity,
    patient bigint not null,
    record bigint not null default 0,
    account bigint not null,
    from_at timestamptz not null,
    until_at timestamptz not null,
    revoked_at timestamptz,
    bucket smallint not null,
    uses smallint not null,
    purpose text not null,
    given_by text not null,
    revoked_by text not null default '',
    note bytea,                       -- sealed with the patient's key
    primary key (bucket, id)
);
create index access_grant_account on access_grant (account, until_at);
create index access_grant_patient on access_grant (bucket, patient);

-- Glass broken: one who has no relation looked in an emergency. Reason and verdict in words are sealed.
create table emergency_access (
    id bigint generated always as identity,
    patient bigint not null,
    account bigint not null,
    began_at timestamptz not null,
    until_at timestamptz not null,
    read_at timestamptz,              -- the officer opened it; it cannot be judged before
    judged_at timestamptz,
    bucket smallint not null,
    reason text not null,
    verdict text not null default '',
    read_by text not null default '',
    judged_by text not null default '',
    words bytea not null,
    judged_words bytea,
    primary key (bucket, id)
);
create index emergency_access_open on emergency_access (began_at) where judged_at is null;

-- Where somebody works, in which time; a person may work in several departments.
create table account_department (
    account bigint not null references account (id),
    department text not null,
    from_at timestamptz not null,
    until_at timestamptz not null default 'infinity',
    primary key (account, department, from_at)
);

alter table account add column kind text not null default 'staff';   -- staff, student, outside
alter table account add column title text not null default '';
alter table account add column licence text not null default '';     -- as participants of an Encounter are named
alter table account add column valid_from timestamptz;
alter table account add column valid_until timestamptz;
alter table account add column hours_from smallint;                  -- minutes of a day in Vietnam; null: all day
alter table account add column hours_until smallint;
