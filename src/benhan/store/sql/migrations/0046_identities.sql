-- Identities of the coordination hub: which records of which members are of one person. Empty in other roles.
-- What names a person is sealed; numbers are searched by as keyed hashes. `number` grows in the order of commits.

create sequence hub_identity_number;
create table hub_identity (
    id bigint not null,
    number bigint not null,
    joined_to bigint not null default 0,   -- the identity it was found to be one with; 0: it stands for itself
    mother bigint not null default 0,      -- of a newborn: the identity under whose number it came
    created_at timestamptz not null,
    bucket smallint not null,
    primary key (bucket, id)
);
create index hub_identity_changed on hub_identity (number);
create index hub_identity_joined on hub_identity (joined_to) where joined_to <> 0;
create index hub_identity_mother on hub_identity (mother) where mother <> 0;

create table hub_identity_record (
    id bigint not null,                    -- keyed hash of member and its number
    number bigint not null,
    identity bigint not null,              -- as it was recognised; joins do not change it
    changed_at timestamptz not null,
    bucket smallint not null,
    member text not null,
    tokens bigint[] not null,              -- keyed hashes of its identifiers, present and former
    content bytea not null,                -- sealed: traits, identifiers with their history
    primary key (bucket, id)
);
create index hub_identity_record_changed on hub_identity_record (number);
create index hub_identity_record_of on hub_identity_record (identity);
create index hub_identity_record_tokens on hub_identity_record using gin (tokens);

-- What a reviewer is asked: are two identities one person?
create table hub_identity_question (
    id bigint not null,
    identity bigint not null,
    other bigint not null,
    asked_at timestamptz not null,
    settled_at timestamptz,
    bits real not null,                    -- how much speaks for one person
    bucket smallint not null,              -- of `identity`, the smaller of the two
    kind text not null,                    -- review, crossing
    state text not null,                   -- open, one, two
    settled_by text not null default '',
    primary key (bucket, id)
);
create unique index hub_identity_question_once on hub_identity_question (bucket, identity, other) where state <> 'one';
create index hub_identity_question_open on hub_identity_question (asked_at, id) where state = 'open';
