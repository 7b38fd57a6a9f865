-- SubscriptionTopics of a store's own: definitions of no patient, in no compartment. A url leads to one of them.
create table subscription_topic (
    rid bigint primary key,           -- of the Basic that holds it
    url text not null unique,
    status text not null,             -- draft, active, retired, unknown
    record text not null              -- JSON: the Basic
);

-- A topic may watch several types; which version of which topic a subscription follows is kept, so that what is written
-- before a topic changes is judged by what it was.
alter table subscription
    add column types smallint[] not null default '{}',
    add column topic bigint not null default 0,        -- rid of the topic, 0: one that every store has
    add column topic_version int not null default 0;
update subscription set types = array[type] where type <> 0;
alter table subscription drop column type;
