-- Conformance resources out of packages. Reference data of no patient: no compartment, the same everywhere.

create table conformance_package (
    name text not null,
    version text not null,
    resources int not null,
    loaded_at timestamptz not null,
    primary key (name, version)
);

create table conformance_resource (
    url text not null,
    version text not null,            -- '' where the resource tells none
    type text not null,
    package text not null,            -- name#version
    content bytea not null,           -- compact JSON, zstd
    primary key (url, version, type)
);
create index conformance_resource_type on conformance_resource (type, url);
alter table conformance_resource alter column content set storage external;
