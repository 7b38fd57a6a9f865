-- A search for what ends after a date walks the index of main dates, which tells beginnings only. Nearly all ranges are
-- short (a day, a year of birth): the walk begins 400 days before the date, or at the first of the few long ones here.

create index resource_of_long_date on resource (type, at_from) where at_to - at_from > interval '400 days';
