-- A type is walked in the order of its main date; the rid breaks ties by a sort within one instant. Without the rid
-- the index holds an instant once, however many resources share it: 10 bytes a resource instead of 53.
-- Types without a main date are walked by rid.

drop index resource_in_order;
create index resource_by_date on resource (type, at_from);
create index resource_by_rid on resource (type, rid) where at_from is null;

comment on column resource.at_to is 'end of the main date, exclusive; null: one second after at_from';
