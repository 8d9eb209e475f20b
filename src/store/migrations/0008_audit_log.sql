-- The audit log as a Merkle tree. Entries are only ever added; what keeps others from changing them by accident
-- (triggers) and the entries that bring the table `audit` over are made by the program at its next start, because
-- neither hashes nor triggers are the same SQL in both databases.
create table audit_log (
    entry bigint primary key,
    time_us bigint not null,
    actor text not null,
    action text not null,
    subject text not null,
    accepted bigint not null,
    version_before text,
    version_after text,
    sha256 text,
    state text,
    reason text,
    -- The roots of the subtrees that this leaf completes, itself first: 32 bytes each.
    hashes bytea not null
);
create index audit_log_action on audit_log (action, entry);
create index audit_log_actor on audit_log (actor, entry);
create index audit_log_subject on audit_log (subject, entry);

-- Size and root, one row. The peaks are the complete subtrees, largest first.
create table audit_head (
    id bigint primary key,
    origin text not null,
    size bigint not null,
    root bytea not null,
    peaks bytea not null
);

-- What the sets of rows that are too large to be hashed at each change add up to.
create table audit_sums (name text primary key, members bigint not null, sum bytea not null);

create table audit_checkpoints (size bigint primary key, time_us bigint not null, note text not null);
