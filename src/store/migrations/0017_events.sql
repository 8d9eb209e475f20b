-- Major events: each as it stands, the rows of its frequency plan, and the devices at its gate with their tests.

create table major_events (
    id text primary key,
    version bigint not null,
    state text not null,
    number text not null,
    -- The office that leads it.
    lead text not null,
    from_us bigint not null,
    until_us bigint not null,
    -- In the order in which they were made, whatever their random keys.
    place text not null,
    record text not null
);
create index major_events_from on major_events (from_us, place);

create table event_rows (
    id text primary key,
    event_id text not null references major_events (id),
    version bigint not null,
    low_hz bigint not null,
    place text not null,
    record text not null
);
create index event_rows_low on event_rows (event_id, low_hz, place);

create table event_devices (
    id text primary key,
    event_id text not null references major_events (id),
    version bigint not null,
    number bigint not null,
    serial text not null,
    -- How the last test came out; empty: none.
    result text not null,
    search text not null,
    record text not null,
    unique (event_id, serial),
    unique (event_id, number)
);

-- The event that a request names.
alter table requests add column event_id text;
create index requests_event on requests (event_id);
