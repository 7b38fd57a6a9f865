-- The portal of deployment: hospitals, what their nodes sign of their own work, papers, the way to publication. Nothing
-- here is about patients.
alter table account add column facility text not null default '';   -- at the portal: whose officer this is

create table facility (
    code text primary key,            -- of five characters
    changed_at timestamptz not null,
    announced_on date,                -- by the Ministry's list of today
    province text not null,           -- of two digits, of today's 34
    kind text not null,               -- hospital, centre, clinic, station
    owner text not null,              -- public, private, ministry, forces
    name text not null,
    source text not null default ''   -- of the announcement
);

-- A code by which a node shows once that it is the facility's; the hash of it alone is kept.
create table evidence_ticket (
    code_hash bytea primary key,      -- SHA-256
    made_at timestamptz not null,
    ends_at timestamptz not null,
    used_at timestamptz,
    facility text not null references facility (code),
    made_by text not null
);
create table evidence_key (
    thumbprint text primary key,      -- RFC 7638
    enrolled_at timestamptz not null,
    revoked_at timestamptz,
    facility text not null references facility (code),
    public_key bytea not null         -- Ed25519, 32 bytes
);
create index evidence_key_facility on evidence_key (facility);

create table evidence_report (
    facility text not null references facility (code),
    number bigint not null,
    made_at timestamptz not null,
    received_at timestamptz not null,
    thumbprint text not null,
    signed text not null,             -- the very JWS that came
    primary key (facility, number)
);

-- A document that shows a criterion. The file is kept as it came.
create table deployment_paper (
    id bigint generated always as identity primary key,
    put_at timestamptz not null,
    withdrawn_at timestamptz,
    issued_on date not null,
    facility text not null references facility (code),
    criterion text not null,
    number text not null,             -- of the document
    put_by text not null,
    withdrawn_by text not null default '',
    media_type text not null,
    content_hash bytea not null,      -- SHA-256
    content bytea not null
);
create index deployment_paper_facility on deployment_paper (facility, criterion) where withdrawn_at is null;

create table deployment (
    facility text primary key references facility (code),
    changed_at timestamptz not null,
    published_at timestamptz,
    version int not null,             -- counts changes: of two at once, one is told
    state text not null,              -- preparing, assessing, assessed, decided, published, withdrawn
    told bytea not null               -- JSON: council, what was judged then, decision
);
create table deployment_act (
    facility text not null references facility (code),
    number int not null,
    at timestamptz not null,
    act text not null,
    actor text not null,
    reason text not null default '',
    primary key (facility, number)
);

-- At a node: when it last told the portal, and restores that were proven.
create table evidence_sent (
    only_row boolean primary key check (only_row),
    tried_at timestamptz not null,
    sent_at timestamptz,
    number bigint not null,
    fault text not null,
    signals bytea not null            -- JSON: the figures that were told
);
create table restore_drill (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    began_at timestamptz not null,
    backup_at timestamptz not null,   -- of the newest entry in the restored ledger
    versions bigint not null,
    damaged int not null,
    actor text not null
);
