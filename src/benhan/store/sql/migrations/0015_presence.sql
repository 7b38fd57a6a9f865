-- Which parameters of a resource have a value, a bit each: `:missing` is answered from the row, at no index term.

alter table resource add column present bigint not null default 0;
comment on column resource.present is 'bits of search parameters that have a value, numbered by code within a type';
