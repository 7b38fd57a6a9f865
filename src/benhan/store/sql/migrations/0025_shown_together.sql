-- What one search showed of many patients waits in one row: of `patients` and `counts`, side by side, each pair is an entry.
-- The chain takes the row apart, so that each patient has an entry of their own, as before. Writing and removing a row for
-- each of them cost as much as the entries themselves.
alter table ledger_pending add column patients bigint[], add column counts bigint[];

-- The entries that wait, one by one, as they will be chained.
create view ledger_waiting as
select p.id, coalesce(s.place, 0) as place, p.at, coalesce(s.patient, p.patient) as patient, p.rid, p.version,
    case when s.patient is null then p.bucket else (s.patient >> 51)::smallint end as bucket,
    p.event, p.type, p.actor, p.role, p.trace,
    case when s.patient is null then p.detail
        else replace(p.detail, '"count":0', '"count":' || s.count::text) end as detail
from ledger_pending p
left join lateral unnest(p.patients, p.counts) with ordinality as s (patient, count, place) on true;
