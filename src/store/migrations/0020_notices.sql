-- Notices: that something happened to a record, for each desk that may know of it, and how far each account has read.

create table notices (
    -- Whose: a role, and where it knows by its organisation, that too.
    desk text not null,
    -- In the desk's own order, by one; it does not leave the service.
    number bigint not null,
    -- By which readers go on.
    id text not null,
    kind text not null,
    -- Key of the record it is about.
    subject text not null,
    action text not null,
    -- Whose doing it was: an account, or the service.
    actor text not null,
    time_us bigint not null,
    primary key (desk, number)
);
create unique index notices_id on notices (id);
create index notices_time on notices (time_us);

create table notice_reads (
    account text not null,
    desk text not null,
    number bigint not null,
    primary key (account, desk)
);

-- Webhooks of organisations, and what is on its way to them.

create table webhooks (
    id text primary key,
    organisation text not null,
    active bigint not null,
    version bigint not null,
    -- Key of the signature; it is told once and stands nowhere else.
    secret text not null,
    record text not null
);
create index webhooks_organisation on webhooks (organisation);

create table webhook_deliveries (
    id text primary key,
    webhook_id text not null references webhooks (id),
    -- The order in which they go.
    place bigint not null,
    kind text not null,
    subject text not null,
    action text not null,
    time_us bigint not null,
    -- What is sent, the same at every attempt; none before the first.
    body text,
    state text not null,
    attempts bigint not null,
    -- Since when it is tried, and when next.
    since_us bigint not null,
    next_us bigint not null,
    -- Why the last attempt failed.
    error text,
    -- When it was accepted or given up.
    done_us bigint,
    unique (webhook_id, place)
);
create index webhook_deliveries_waiting on webhook_deliveries (state, webhook_id, place);
create index webhook_deliveries_done on webhook_deliveries (done_us);

create table webhook_health (
    webhook_id text primary key references webhooks (id),
    success_us bigint,
    error_us bigint,
    error text
);
