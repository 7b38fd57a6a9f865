-- What goes to an authority: the insurance's portal, the Ministry's hub. One row is one version of a message: the very
-- bytes that were sent, sealed under the patient's key, are kept with the receiver's receipt, since both are evidence.

create table send_destination (
    name text primary key,            -- bhxh, emrhub
    began_at timestamptz not null,    -- when it was first switched on: what ended before is not its business
    seq bigint not null,              -- how far the ledger has been looked through for it
    succeeded_at timestamptz,         -- last answer that took a message
    failing_since timestamptz,        -- null while it answers
    fault text not null default ''    -- why it does not
);

create table send (
    id bigint generated always as identity,
    created_at timestamptz not null,
    next_try_at timestamptz not null,
    leased_until timestamptz,
    due_at timestamptz,               -- by when the law wants it there, null for no such time
    sent_at timestamptz,              -- last try
    settled_at timestamptz,
    patient bigint not null,          -- 0: a file that came from elsewhere
    content_hash bigint not null default 0,  -- keyed hash of what it says, signatures and days of making apart
    version int not null,             -- 1, 2, 3 … of one subject
    attempts int not null default 0,
    bucket smallint not null,
    destination text not null,
    kind text not null,               -- claim, checkin, ksk
    subject text not null,            -- Encounter/…, or KSK/ and a keyed hash
    state text not null,              -- waiting, sent, received, refused, parked, ready, by_hand, replaced
    asked_by text not null,           -- actor
    adapter text not null default '', -- which form of the destination's interface it was made for
    fault text not null default '',
    receipt text not null default '', -- the receiver's number
    number text not null default '',  -- our own number for it at the receiver, the same at every try
    trace bytea not null,
    about bytea not null,             -- sealed: its name for people, reasons in both languages
    content bytea,                    -- sealed: the file; null until it is made
    primary key (bucket, id)
);
create unique index send_version on send (bucket, destination, kind, subject, version);
create unique index send_to_make on send (bucket, destination, kind, subject)
    where state = 'waiting' and content is null and leased_until is null;
create index send_waiting on send (destination, next_try_at) where state in ('waiting', 'sent');
create index send_listed on send (destination, id);

create table send_event (
    id bigint generated always as identity,
    at timestamptz not null,
    send bigint not null,
    bucket smallint not null,
    what text not null,               -- put, sent, failed, and the states that are reached
    actor text not null,
    fault text not null,
    note bytea,                       -- sealed: the receiver's words, or why a person did it
    primary key (bucket, send, id)
);
