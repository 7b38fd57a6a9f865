-- Large code systems, concept by concept. Reference data of no patient: no compartment, the same everywhere.
-- A list is loaded beside the one in use and takes its place in one statement; readers see the old or the new.

create table code_system (
    id int generated always as identity primary key,
    url text not null,
    version text not null,
    title text not null,
    language text not null,           -- of its displays, '' where not told
    content text not null,            -- complete, fragment, example, supplement
    is_case_sensitive boolean not null,
    source text not null,             -- what it was loaded from: a version of a CodeSystem, or the digest of a file
    state text not null,              -- loading, active, retired
    done int not null default 0,      -- concepts taken in and committed
    changed_at timestamptz not null
);
create unique index code_system_active on code_system (url, version) where state = 'active';
create index code_system_source on code_system (source);

create table concept (
    system int not null,
    place int not null,               -- its place in the list
    is_inactive boolean not null,
    is_abstract boolean not null,
    code text not null,
    display text not null,
    terms tsvector not null,          -- folded words, ancestors, properties; each begins with the system's number
    detail jsonb not null,            -- definition, designations, properties, parents
    primary key (system, place)
);
create unique index concept_code on concept (system, code);
create index concept_terms on concept using gin (terms) with (fastupdate = on, gin_pending_list_limit = 4096);
alter table concept alter column terms set statistics 1000;

-- One number that grows with every change of terminology: what a process remembers is good while it stays the same.
create table terminology_state (
    only_row boolean primary key default true check (only_row),
    epoch bigint not null
);
insert into terminology_state (epoch) values (1);

create function note_terminology_change() returns trigger language plpgsql as $$
begin
    update terminology_state set epoch = epoch + 1;
    return null;
end $$;
-- 22 CodeSystem, 27 ConceptMap, 144 ValueSet (store/resource_types.py); whoever writes them, by whichever way
create trigger resource_changes_terminology after insert on resource
    for each row when (new.type in (22, 27, 144)) execute function note_terminology_change();
