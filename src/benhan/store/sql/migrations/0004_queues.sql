-- Inbox and outbox. Payloads are sealed with the shared compartment's key: whose they are is not known yet.

create table inbox (
    id bigint generated always as identity,
    received_at timestamptz not null,
    next_try_at timestamptz not null,
    applied_at timestamptz,
    sender_hash bigint not null,      -- keyed hash of who sent it
    control_hash bigint not null,     -- keyed hash of sender, MSH-10 and content: a repetition has the same
    attempts int not null default 0,
    bucket smallint not null default 0,
    kind text not null,               -- ADT^A01, ORU^R01, …, or ? where it cannot be read
    state text not null,              -- received, applied, parked
    fault text not null default '',   -- code of the last fault
    trace bytea not null,
    payload bytea not null,           -- sealed: the message as it came
    report bytea,                     -- sealed: sender, control id, reasons in both languages
    mended bytea,                     -- sealed: the message as a person mended it
    primary key (bucket, id)
);
create unique index inbox_control on inbox (bucket, control_hash);
create index inbox_waiting on inbox (bucket, id) where state = 'received';
create index inbox_parked on inbox (bucket, id) where state = 'parked';
create index inbox_trace on inbox (trace);

create table outbox (
    id bigint generated always as identity,
    created_at timestamptz not null,
    next_try_at timestamptz not null,
    leased_until timestamptz,
    sent_at timestamptz,
    receipted_at timestamptz,
    patient bigint not null,
    attempts int not null default 0,
    bucket smallint not null,
    destination text not null,
    kind text not null,               -- resources, record
    state text not null,              -- waiting, receipted, refused
    fault text not null default '',
    receipt text not null default '',
    trace bytea not null,
    subject text not null,            -- Encounter/… or Patient/…: what the delivery is about
    content text not null,            -- type/id pairs to be sent; no personal data
    primary key (bucket, id)
);
create index outbox_waiting on outbox (next_try_at) where state = 'waiting';
create index outbox_trace on outbox (trace);
create unique index outbox_record on outbox (bucket, destination, subject) where kind = 'record' and state = 'waiting';

create table delivery (
    sender text not null,             -- facility code of the node
    delivery_key text not null,       -- its idempotency key
    receipt text not null,
    received_at timestamptz not null,
    content_hash bigint not null,
    trace bytea not null,
    bucket smallint not null default 0,
    primary key (bucket, sender, delivery_key)
);
create index delivery_trace on delivery (trace);
