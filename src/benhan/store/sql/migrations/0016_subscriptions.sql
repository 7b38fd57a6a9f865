-- Subscriptions as they stand, and their events. What they ask for and where they send to stays in the sealed resource:
-- here are numbers and states only. Rows of one subscription are used together, so they are in no compartment.

create table subscription (
    rid bigint primary key,           -- of the Subscription
    asked_version int not null,       -- the version in which its owner asked for it
    began_seq bigint not null,        -- place in the ledger: what was written later is an event
    type smallint not null,           -- what is watched
    channel text not null,            -- rest-hook, websocket
    state text not null,              -- requested, active, error, off
    owner text not null,              -- actor who wrote it
    events bigint not null default 0, -- since it began
    delivered bigint not null default 0,
    attempts int not null default 0,
    heartbeat_s int not null,         -- 0: none
    fault text not null default '',
    ends_at timestamptz,
    told_at timestamptz,              -- last notification that arrived
    next_try_at timestamptz not null
);
create index subscription_waiting on subscription (next_try_at) where state in ('requested', 'active');

create table subscription_event (
    subscription bigint not null,
    number bigint not null,           -- 1, 2, 3 … within the subscription
    rid bigint not null,
    at timestamptz not null,
    version int not null,
    type smallint not null,
    primary key (subscription, number)
);

-- How far the ledger has been looked through for events.
create table subscription_progress (
    only_row boolean primary key default true check (only_row),
    seq bigint not null
);
insert into subscription_progress (seq) select max(seq) from ledger_head;
