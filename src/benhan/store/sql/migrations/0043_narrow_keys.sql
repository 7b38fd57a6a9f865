-- The numbers of a key stand by size, so that no bytes are lost between them: eight a key. A resource's rid begins with a
-- bucket, so that a patient's rows stay side by side in the index; what is asked for by compartment alone is found by
-- resource_of_patient, since a patient's rid begins with the bucket of all that is theirs.
alter table resource drop constraint resource_pkey, add primary key (rid, bucket, type, version);
alter table resource_history drop constraint resource_history_pkey, add primary key (rid, bucket, type, version);

-- A job under way has gone over rows in the order of the former key.
update reindex_job set place_bucket = default, place_type = default, place_rid = default, place_version = default,
    seen = 0, changed = 0
where finished_at is null;
