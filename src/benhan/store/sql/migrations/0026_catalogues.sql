-- Lists of codes that a hospital loads. Reference data of no patient: no compartment, the same everywhere.
-- A row holds from a day to a day; it is never changed but for its end, and never deleted.

create table catalogue (
    name text primary key,
    title text not null,
    source text not null,             -- the decision it comes from
    content text not null,            -- whole, part
    maps_to text not null,            -- the Ministry's list that its codes are mapped to, '' for none
    changed_at timestamptz not null,
    published text not null default ''  -- which edition terminology has of it
);

create table catalogue_entry (
    id bigint generated always as identity primary key,
    catalogue text not null,
    code text not null,
    display text not null,
    since date,                       -- first day, null: always
    until date,                       -- first day no more, null: until further notice
    properties jsonb not null,
    source text not null,             -- digest of the file it came from, 'shipped'
    loaded_at timestamptz not null
);
create index catalogue_entry_code on catalogue_entry (catalogue, code);
