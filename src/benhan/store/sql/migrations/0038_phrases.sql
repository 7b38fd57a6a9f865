-- Phrases and templates of text for writing on papers: a person's own, a department's, the whole hospital's. They tell
-- of no patient.
create table phrase (
    id bigint generated always as identity,
    changed_at timestamptz not null,
    bucket smallint not null default 0,
    owner text not null,              -- the actor whose own it is; '' for shared ones
    department text not null,         -- of a shared one; '' for the whole hospital
    short text not null,
    content text not null,
    written_by text not null,
    primary key (bucket, id)
);
create unique index phrase_short on phrase (bucket, owner, department, short);
