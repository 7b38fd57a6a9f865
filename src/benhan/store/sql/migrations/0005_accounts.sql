-- Accounts, sessions and machine tokens. Not patient data; a citizen's account names their Patient.

create table account (
    id bigint generated always as identity primary key,
    login text not null unique,
    name text not null,
    role text not null,
    password_hash text not null,
    patient text not null default '',       -- logical id of the citizen's own Patient
    failures int not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table session (
    token_hash bytea primary key,
    account bigint not null references account (id),
    csrf text not null,
    language text not null default 'vi',
    created_at timestamptz not null,
    used_at timestamptz not null,
    ends_at timestamptz not null
);
create index session_account on session (account);

create table machine_token (
    token_hash bytea primary key,
    name text not null,
    facility text not null default '',
    permissions text[] not null,
    created_at timestamptz not null,
    ends_at timestamptz,
    revoked_at timestamptz
);
