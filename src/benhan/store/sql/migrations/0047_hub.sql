-- The coordination hub: members, what travels between them, consents, who holds what of whom. Empty in other roles.
-- A person stands here as the keyed hash of one identifier; what names one is sealed.

create table hub_member (
    created_at timestamptz not null,
    changed_at timestamptz not null,
    bucket smallint not null default 0,
    code text not null,               -- MA_CSKCB, or the name of a member that is no facility
    gln text not null,
    name text not null,
    kind text not null,               -- hub, facility, book, repository, authority
    environment text not null,        -- sandbox, live
    state text not null,              -- active, suspended, revoked
    province text not null,
    level text not null,
    address text not null,
    capabilities text not null,
    attests text not null,            -- by which ways it may take consents
    contacts text not null,           -- of the organisation
    primary key (bucket, code)
);
create table hub_member_key (
    since timestamptz not null,
    until timestamptz not null,
    revoked_at timestamptz,
    bucket smallint not null default 0,
    kid text not null,                -- thumbprint of the public key
    member text not null,
    use text not null,                -- sign, seal
    jwk text not null,                -- public half
    primary key (bucket, kid)
);
create index hub_member_key_of on hub_member_key (bucket, member);
create table hub_certificate (
    since timestamptz not null,
    until timestamptz not null,
    revoked_at timestamptz,
    bucket smallint not null default 0,
    serial text not null,
    member text not null,
    fingerprint text not null,        -- SHA-256 of the certificate
    certificate text not null,        -- PEM
    primary key (bucket, serial)
);
create table hub_configuration (
    issued_at timestamptz not null,
    until timestamptz not null,
    version int not null,
    bucket smallint not null default 0,
    signed text not null,             -- JWS of the registry key
    primary key (bucket, version)
);

-- Numbers of messages that were taken: the same is never taken twice.
create table hub_seen (
    number bigint not null,           -- keyed hash of sender and number
    until timestamptz not null,
    bucket smallint not null,
    primary key (bucket, number)
);
create index hub_seen_until on hub_seen (until);

create table hub_exchange (
    id bigint not null,
    person bigint not null,
    asked_at timestamptz not null,
    settled_at timestamptz,
    until timestamptz not null,
    bucket smallint not null,
    asker text not null,
    purpose text not null,
    basis text not null,
    kinds text not null,              -- of data, as far as there is a basis
    consents text not null,           -- numbers of those it rests on
    state text not null,              -- open, done, expired
    ask_digest bytea not null,
    trace bytea not null,
    primary key (bucket, id)
);
create index hub_exchange_asked on hub_exchange (asked_at, id);
create index hub_exchange_asker on hub_exchange (asker, asked_at, id);
create index hub_exchange_open on hub_exchange (until) where state = 'open';
create index hub_exchange_trace on hub_exchange (trace);
create table hub_part (
    exchange bigint not null,
    changed_at timestamptz not null,
    size bigint not null default 0,
    bucket smallint not null,
    holder text not null,
    state text not null,              -- waiting, answered, delivered, nothing, refused, stopped, expired
    fault text not null default '',
    answer_digest bytea,
    receipt_digest bytea,
    primary key (bucket, exchange, holder)
);
create index hub_part_holder on hub_part (holder, changed_at);

-- What waits for a member, until it says that it has it; then the digest alone stays.
create table hub_letter (
    id bigint generated always as identity,
    exchange bigint not null,
    at timestamptz not null,
    until timestamptz not null,
    leased_until timestamptz,
    taken_at timestamptz,
    size int not null,
    bucket smallint not null,         -- of the recipient
    recipient text not null,
    sender text not null,
    type text not null,               -- fetch, answer, receipt, push, revoke
    state text not null,              -- waiting, taken, dropped, expired
    consents text[] not null,         -- numbers of those it rests on: revoked, it is not handed on
    digest bytea not null,
    body bytea,                       -- sealed: the message and its sealed content
    primary key (bucket, id)
);
create index hub_letter_waiting on hub_letter (bucket, recipient, id) where state = 'waiting';
create index hub_letter_exchange on hub_letter (exchange);
create index hub_letter_until on hub_letter (until) where state = 'waiting';

create table hub_location (
    person bigint not null,
    changed_at timestamptz not null,
    since date not null,
    until date not null,
    bucket smallint not null,
    holder text not null,
    kind text not null,               -- of data
    primary key (bucket, person, holder, kind)
);

create table hub_consent (
    person bigint not null,
    at timestamptz not null,
    since timestamptz not null,
    until timestamptz not null,
    revoked_at timestamptz,
    bucket smallint not null,
    number text not null,
    said text not null,               -- permit, refuse
    attester text not null,
    body bytea not null,              -- sealed: the signed consent
    revocation bytea,                 -- sealed: the signed revocation
    primary key (bucket, person, number)
);
create index hub_consent_number on hub_consent (number);

-- A hospital's side: what it has asked others by way of the hub.
create table exchange_asked (
    patient bigint not null,
    asked_at timestamptz not null,
    changed_at timestamptz not null,
    bucket smallint not null,
    ask text not null,                -- digest of the signed ask
    exchange text not null default '',
    asked_by text not null,           -- account
    purpose text not null,
    basis text not null,
    kinds text not null,
    state text not null,              -- asked, waiting, refused
    fault text not null default '',
    primary key (bucket, ask)
);
create index exchange_asked_patient on exchange_asked (bucket, patient);
create table exchange_part (
    changed_at timestamptz not null,
    bucket smallint not null,
    ask text not null,
    holder text not null,
    state text not null,              -- waiting, given, nothing, refused, rejected
    fault text not null default '',
    primary key (bucket, ask, holder)
);
-- Up to which entry of the ledger the hub knows what is held here.
create table exchange_place (
    seq bigint not null,
    bucket smallint not null default 0,
    primary key (bucket)
);
