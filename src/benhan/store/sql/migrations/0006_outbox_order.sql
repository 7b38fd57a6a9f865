-- One untried record of an encounter waits at a time; one that was claimed may meanwhile be on its way with what was
-- there before, so that a change after that needs a delivery of its own. leased_until stays set once a try was made.

drop index outbox_record;
create unique index outbox_record on outbox (bucket, destination, subject)
    where kind = 'record' and state = 'waiting' and leased_until is null;
create index outbox_tried on outbox (bucket, destination, subject)
    where kind = 'record' and state = 'waiting' and leased_until is not null;
create index outbox_recent on outbox (id);
