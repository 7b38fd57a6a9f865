-- The history of a type is read newest first. Superseded versions are found by an index; the current ones by windows of
-- time over the block ranges of resource_updated, or, where a type has few, all of them by resource_by_date.

create index resource_history_of_type on resource_history (type, updated_at);
