-- Signatures on papers: who signs with what, what waits for whom, the signed files. What is told of a patient is in the
-- blobs; here are numbers, states, times and names of roles.

-- What an account signs with. The key is on a token, at a provider or in a file; no PIN is kept.
create table account_signer (
    account bigint primary key references account (id),
    changed_at timestamptz not null,
    locked_until timestamptz,
    failures int not null default 0,  -- wrong PINs in a row
    kind text not null,               -- token, remote, file
    place text not null,              -- label of the token; '' for a provider; path of the file
    name text not null,               -- label of the key on it, name of the credential
    duties text[] not null,           -- besides that of the role: head
    departments text[] not null,      -- empty: all
    title text not null               -- as what the person signs
);

-- Who signs for whom, as what, until when.
create table signing_delegation (
    id bigint generated always as identity primary key,
    account bigint not null references account (id),
    deputy bigint not null references account (id),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    revoked_at timestamptz,
    title text not null
);
create index signing_delegation_deputy on signing_delegation (deputy, ends_at);

-- The signatures that a version of a paper needs, in their order.
create table signing_step (
    record bigint not null,
    asked_at timestamptz,             -- since when it waits; null: its turn has not come
    late_at timestamptz,
    done_at timestamptz,
    number int not null,              -- of the paper
    version int not null,             -- of the paper's resource
    bucket smallint not null,
    step smallint not null,
    turn smallint not null,           -- those of one turn may come in any order
    state text not null,              -- queued, waiting, signed, refused, lapsed
    duty text not null,               -- nurse, doctor, head, records, organisation, patient, countersign
    assigned text not null,           -- the actor whose it is; '': anybody of the duty
    department text not null,
    signer text not null default '',
    on_behalf text not null default '',
    title text not null default '',
    reason bytea,                     -- why it was refused, sealed with the patient's key
    primary key (bucket, record, number, version, step)
);
create index signing_step_waiting on signing_step (duty, asked_at) where state = 'waiting';
create index signing_step_refused on signing_step (assigned) where state = 'refused';

-- The signed file of a version of a paper: its last bytes, which hold all earlier ones.
create table signed_paper (
    record bigint not null,
    patient bigint not null,
    signed_at timestamptz not null,
    number int not null,
    version int not null,
    bucket smallint not null,
    signatures smallint not null,
    level text not null,              -- B-B, B-T, B-LT, B-LTA
    missing text not null,            -- the fault that kept it from its level; '': none
    address text not null,            -- of the blob
    content_hash bytea not null,      -- SHA-256 of the file
    primary key (bucket, record, number, version)
);
create index signed_paper_missing on signed_paper (signed_at) where missing <> '';

-- Which version of a paper somebody saw last.
create table paper_seen (
    record bigint not null,
    seen_at timestamptz not null,
    number int not null,
    version int not null,
    bucket smallint not null,
    actor text not null,
    primary key (bucket, record, number, actor)
);

-- A batch that somebody signs, and each paper in it.
create table signing_batch (
    id text primary key,
    begun_at timestamptz not null,
    ended_at timestamptz,
    actor text not null,
    fault text[] not null default '{}' -- why the whole of it stopped: code, words in Vietnamese and English
);
create unique index signing_batch_open on signing_batch (actor) where ended_at is null;
create table signing_batch_paper (
    record bigint not null,
    done_at timestamptz,
    number int not null,
    version int not null,
    place int not null,
    bucket smallint not null,
    batch text not null,
    state text not null,              -- waiting, signed, failed
    form text not null,
    fault text[] not null default '{}',
    primary key (bucket, batch, place)
);

-- How a person without a certificate confirmed a paper: the evidence is a blob, signed by the organisation.
create table paper_confirmation (
    record bigint not null,
    patient bigint not null,
    confirmed_at timestamptz not null,
    number int not null,
    version int not null,
    bucket smallint not null,
    method text not null,             -- stroke, code, witnesses
    relation text not null,
    signed_by text not null,          -- the actor who took it
    page_hash bytea not null,         -- SHA-256 of the very page shown
    evidence text not null,           -- address of the blob
    signature text not null,          -- address of the blob with the organisation's signature; '': not signed yet
    primary key (bucket, record, number, version, confirmed_at)
);
create index paper_confirmation_unsigned on paper_confirmation (confirmed_at) where signature = '';

-- A code that was sent to who confirms a page; the code itself is on their phone only.
create table confirmation_code (
    record bigint not null,
    patient bigint not null,
    sent_at timestamptz not null,
    ends_at timestamptz not null,
    used_at timestamptz,
    number int not null,
    version int not null,
    tries int not null default 0,
    bucket smallint not null,
    id text not null,
    code_mac bytea not null,          -- keyed hash
    phone bytea not null,             -- sealed with the patient's key
    page_hash bytea not null,
    primary key (bucket, id)
);
