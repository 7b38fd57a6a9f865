-- Long work that is asked for and looked after: exports, imports. Requests and places are sealed: they may name patients.

create table job (
    created_at timestamptz not null,
    ends_at timestamptz not null,     -- after it the job and its files go, whatever its state
    leased_until timestamptz,         -- running: until when nobody else takes it; waiting: not to be tried before
    finished_at timestamptz,
    moment_at timestamptz,            -- when the moment it reads at was taken: the sweeper leaves what was there then
    attempts int not null default 0,  -- since it last came further
    bucket smallint not null default 0,
    id text not null,
    kind text not null,
    state text not null,              -- waiting, running, done, failed, cancelled
    owner text not null,              -- the actor who asked
    lease text not null default '',   -- who runs it
    fault text not null default '',   -- code of the fault that ended it
    trace bytea not null,
    request bytea not null,           -- sealed
    plan bytea,                       -- sealed: what was settled when it began
    place bytea,                      -- sealed: how far it has come
    primary key (bucket, id)
);
create index job_open on job (bucket, created_at) where state in ('waiting', 'running');
