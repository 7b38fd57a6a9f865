-- The numbers of a key stand by size, so that no bytes are lost between them: eight a key. A patient's rid begins with the
-- bucket, so that the order on disk stays the same.
drop index resource_of_patient;
create index resource_of_patient on resource (patient, bucket, type, at_from);
