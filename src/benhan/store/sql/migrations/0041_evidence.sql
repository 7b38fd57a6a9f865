-- Evidence records (RFC 4998): signed files and the ledger's daily root are leaves of trees below time-stamps, and one
-- more time-stamp renews thousands of them. Here are hashes, days and time-stamps; of patients nothing is told.

alter table signed_paper add column evidence_tree int;        -- below which tree its file hangs; null: none yet
alter table paper_confirmation add column evidence_tree int;  -- as of a signed paper, once the organisation signed it
create index signed_paper_unproven on signed_paper (signed_at) where evidence_tree is null;
create index paper_confirmation_unproven on paper_confirmation (confirmed_at) where evidence_tree is null;

-- A tree over what was signed until the end of a day of the ledger, whose root is a leaf too.
create table evidence_tree (
    id int generated always as identity primary key,
    made_at timestamptz not null,
    day date not null,
    leaves int not null
);

-- The tree under one digest: chain 0 first, one more each time that its documents were digested anew.
create table evidence_chain (
    made_at timestamptz not null,
    tree int not null references evidence_tree (id),
    chain smallint not null,
    digest text not null,             -- sha256, sha384, sha512
    root_hash bytea not null,
    primary key (tree, chain)
);

-- What hangs below a tree. Of what was destroyed, or replaced by a file with more signatures, only the hash is left.
create table evidence_leaf (
    record bigint not null,           -- 0: the ledger's root
    confirmed_at timestamptz,         -- of a confirmation; null: of a paper or of the ledger
    tree int not null,
    chain smallint not null,
    bucket smallint not null,
    place int not null,
    number int not null,
    version int not null,
    kind text not null,               -- root, paper, confirmation, signature
    content_hash bytea not null,      -- SHA-256 of the file: which one it is
    leaf_hash bytea not null,         -- what hangs below the tree, under its digest
    primary key (tree, chain, place),
    foreign key (tree, chain) references evidence_chain (tree, chain)
);
create index evidence_leaf_file on evidence_leaf (tree, content_hash);

-- A time-stamp, with the status of its server's certificates in it, over a tree of roots or of earlier time-stamps.
create table evidence_stamp (
    id int generated always as identity primary key,
    stamped_at timestamptz not null,
    token bytea not null
);

-- Which time-stamps prove a chain, in their order, and where it hangs below each.
create table evidence_link (
    tree int not null,
    stamp int not null references evidence_stamp (id),
    place int not null,               -- of `over_hash` among what the time-stamp is over
    chain smallint not null,
    number smallint not null,
    over_hash bytea not null,         -- the root of the chain, or the digest of its time-stamp before
    primary key (tree, chain, number),
    foreign key (tree, chain) references evidence_chain (tree, chain)
);
create index evidence_link_stamp on evidence_link (stamp);
