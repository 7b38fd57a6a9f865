-- A search for what ends after a date began its walk 400 days before it (migration 0023), for the sake of stays and of
-- births of which only the year is known: by birth date, all who were born in that year and a month were passed. What
-- lasts longer than two days is found here, so that the walk begins two days before the date.

create index resource_of_days on resource (type, at_from) where at_to - at_from > interval '2 days';
