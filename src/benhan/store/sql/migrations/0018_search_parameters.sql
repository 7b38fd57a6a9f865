-- Search parameters of a store's own, and the jobs that go over the rows so that they are found by them.

create table search_parameter (
    registered_at timestamptz not null,
    rid bigint not null,              -- of the SearchParameter resource
    bucket smallint not null default 0,
    is_built boolean not null default false,
    record text not null,             -- JSON: code, type, base, expression, target, url
    primary key (bucket, rid)
);

create table reindex_job (
    id bigint generated always as identity,
    started_at timestamptz not null,
    finished_at timestamptz,
    place_rid bigint not null default -1,   -- the last row that was gone over
    seen bigint not null default 0,
    changed bigint not null default 0,
    place_version int not null default 0,
    bucket smallint not null default 0,
    place_bucket smallint not null default 0,
    place_type smallint not null default 0,
    primary key (bucket, id)
);
