-- What the gate found of resources that were written or refused, counted: so that it is seen what a policy would refuse
-- before it is enforced. No resource, person or text of a resource is in it; what nobody knows as a profile is "?".

create table validation_finding (
    sender text not null,
    what text not null,
    type text not null,
    mode text not null,
    resources bigint not null,
    errors bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (sender, what, type, mode)
);
