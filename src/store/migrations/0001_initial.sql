-- One schema for SQLite and PostgreSQL: bigint, double precision, text and bytea only. Times are microseconds UTC,
-- truth values 0 or 1, documents JSON text.

create table counters (name text primary key, value bigint not null);
insert into counters (name, value) values ('events', 0);

create table settings (name text primary key, value text not null);

create table users (
    name text primary key,
    password_hash text not null,
    role text not null,
    language text not null,
    disabled bigint not null,
    created_us bigint not null,
    password_changed_us bigint not null,
    version bigint not null
);

create table sessions (
    token_hash bytea primary key,
    session_kind text not null,
    user_name text not null references users (name),
    label text not null,
    session_created_us bigint not null,
    expires_us bigint not null,
    last_seen_us bigint not null,
    address text not null,
    user_agent text not null
);
create index sessions_user on sessions (user_name);
create index sessions_expiry on sessions (expires_us);

create table idempotency (
    actor text not null,
    key text not null,
    fingerprint bytea not null,
    begun_us bigint not null,
    status bigint,
    etag text,
    body bytea,
    primary key (actor, key)
);
create index idempotency_begun on idempotency (begun_us);

create table receivers (id text primary key, status text not null, reported_us bigint not null);

create table conflicts (
    id text primary key,
    status text not null,
    kind text not null,
    severity text not null,
    rule text not null,
    receiver text not null,
    center_hz bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    first_seen_us bigint not null,
    last_seen_us bigint not null,
    emissions_count bigint not null,
    assignment text,
    allocation text,
    explanation text not null,
    evidence text not null,
    acknowledged_by text,
    acknowledged_us bigint,
    resolved_by text,
    resolved_us bigint,
    resolution text,
    version bigint not null
);
create index conflicts_seen on conflicts (last_seen_us, id);
create index conflicts_status on conflicts (status, last_seen_us, id);
create index conflicts_cause on conflicts (receiver, kind, low_hz);
create index conflicts_assignment on conflicts (assignment);

create table conflict_history (
    conflict_id text not null references conflicts (id),
    entry bigint not null,
    time_us bigint not null,
    actor text not null,
    action text not null,
    comment_zh text not null,
    comment_en text not null,
    primary key (conflict_id, entry)
);

create table emissions (
    id text primary key,
    receiver text not null,
    start_us bigint not null,
    stop_us bigint not null,
    is_open bigint not null,
    center_hz bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    bandwidth_hz bigint not null,
    bandwidth_method text not null,
    bandwidth_x26_hz bigint,
    power_dbfs double precision not null,
    snr_db double precision not null,
    snr_mdb bigint not null,
    peak_dbfs double precision not null,
    duty_cycle double precision not null,
    bursts_total bigint not null,
    center_uncertainty_hz double precision not null,
    verdict text,
    verdict_kind text,
    severity text,
    conflict_id text references conflicts (id),
    bursts bytea
);
create index emissions_stop on emissions (stop_us, id);
create index emissions_start on emissions (start_us, id);
create index emissions_center on emissions (center_hz, id);
create index emissions_snr on emissions (snr_mdb, id);
create index emissions_receiver on emissions (receiver, is_open, stop_us);
create index emissions_verdict on emissions (verdict_kind, stop_us, id);
create index emissions_conflict on emissions (conflict_id, stop_us, id);

create table artefacts (
    id text primary key,
    receiver text not null,
    start_us bigint not null,
    stop_us bigint not null,
    center_hz bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    power_dbfs double precision not null,
    artefact text not null,
    cause text not null
);
create index artefacts_stop on artefacts (stop_us);

create table gaps (
    receiver text not null,
    low_hz bigint not null,
    high_hz bigint not null,
    start_us bigint not null,
    stop_us bigint not null,
    reason text not null,
    primary key (receiver, low_hz, start_us)
);
create index gaps_stop on gaps (receiver, stop_us);

create table events (
    sequence bigint primary key,
    kind text not null,
    time_us bigint not null,
    data text not null
);
create index events_time on events (time_us);

create table spectra (
    receiver text not null,
    interval_s bigint not null,
    start_us bigint not null,
    low_key text not null,
    stop_us bigint not null,
    observed_s double precision not null,
    low_hz bigint not null,
    high_hz bigint not null,
    bin_hz double precision not null,
    enbw_bins double precision not null,
    bins bigint not null,
    levels bytea not null,
    primary key (receiver, interval_s, start_us, low_key)
);
create index spectra_age on spectra (interval_s, start_us);

create table allocation_tables (
    id text primary key,
    jurisdiction text not null,
    edition text not null,
    effective_from text not null,
    record text not null
);

create table assignments (
    id text primary key,
    center_hz bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    source text not null,
    record text not null,
    search text not null,
    version bigint not null,
    updated_us bigint not null,
    updated_by text not null
);
create index assignments_center on assignments (center_hz, id);

create table imports (
    id text primary key,
    kind text not null,
    source text not null,
    actor text not null,
    time_us bigint not null,
    added bigint not null,
    updated bigint not null,
    unchanged bigint not null
);
create index imports_time on imports (time_us);
