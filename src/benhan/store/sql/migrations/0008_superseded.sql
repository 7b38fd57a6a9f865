-- The sweeper looks for superseded versions every few seconds; without this it would read the whole table.

create index resource_superseded on resource (bucket, type, rid, version) where until is not null;
