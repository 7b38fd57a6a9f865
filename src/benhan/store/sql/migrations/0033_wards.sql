-- Work on wards. Templates of orders hold no patient; a handover of a shift names
-- the notes that were handed over, each a resource of its patient's, sealed as every other.

create table order_template (
    id bigint generated always as identity,
    changed_at timestamptz not null,
    used_at timestamptz not null,
    bucket smallint not null default 0,
    owner text not null,              -- an actor, or 'department:' and its name: everybody's there
    name text not null,
    lines jsonb not null,
    primary key (bucket, id)
);
create unique index order_template_name on order_template (bucket, owner, name);

create table handover (
    id bigint generated always as identity,
    given_at timestamptz not null,
    since timestamptz not null,       -- what changed from then on is told
    accepted_at timestamptz,
    bucket smallint not null default 0,
    department text not null,
    given_by text not null,
    accepted_by text not null default '',
    notes bigint[] not null,          -- rids of Communications
    primary key (bucket, id)
);
create index handover_of_department on handover (bucket, department, id);
