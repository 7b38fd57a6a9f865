-- Which code system a supplement out of a package adds to; null for everything else. What was loaded before is not found
-- by it until its package is loaded again.

alter table conformance_resource add column supplements text;
create index conformance_resource_supplements on conformance_resource (supplements) where supplements is not null;
