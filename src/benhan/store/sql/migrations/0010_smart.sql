-- Apps: who they are, what people and administrators let them do, and the secrets that prove it. Of secrets only digests.

create table oauth_client (
    id text primary key,
    name text not null,
    kind text not null,                     -- public, secret, keys
    secret_hash bytea,                      -- kind secret
    jwks text not null default '',          -- kind keys: its public keys
    redirect_uris text[] not null default '{}',
    launch_uri text not null default '',    -- where the record system opens it
    scopes text not null,                   -- the most it is ever granted
    may_introspect boolean not null default false,
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table oauth_launch (
    launch_hash bytea primary key,
    client text not null references oauth_client (id),
    account bigint not null references account (id),
    patient text not null,
    encounter text not null default '',
    ends_at timestamptz not null
);

create table oauth_grant (
    id bigint generated always as identity primary key,
    client text not null references oauth_client (id),
    account bigint references account (id), -- null: the client itself
    scopes text not null,
    patient text not null default '',       -- logical ids in context
    encounter text not null default '',
    session_hash bytea,                     -- online access: ends with this session
    created_at timestamptz not null,
    ends_at timestamptz not null,
    revoked_at timestamptz
);
create index oauth_grant_account on oauth_grant (account);

create table oauth_code (
    code_hash bytea primary key,
    grant_id bigint not null references oauth_grant (id) on delete cascade,
    redirect_uri text not null,
    challenge text not null,
    nonce text not null default '',
    used_at timestamptz,
    ends_at timestamptz not null
);

create table oauth_token (
    token_hash bytea primary key,
    grant_id bigint not null references oauth_grant (id) on delete cascade,
    kind text not null,                     -- access, refresh
    scopes text not null,
    used_at timestamptz,                    -- refresh: when another took its place
    created_at timestamptz not null,
    ends_at timestamptz not null
);
create index oauth_token_grant on oauth_token (grant_id);

create table oauth_assertion (
    jti_hash bytea primary key,             -- of client and jti: an assertion lets in once
    ends_at timestamptz not null
);

-- AuditEvents are asked for by time.
create index ledger_entry_at on ledger_entry using brin (at) with (pages_per_range = 32);

-- Who a member of the staff is in FHIR (Practitioner/…), for apps that ask; a citizen is their Patient.
alter table account add column fhir_user text not null default '';
