-- Requests between civil and military offices. The record is the request as it stands; the columns are what lists and the
-- clock look for.

create table requests (
    id text primary key,
    number text unique,
    side text not null,
    state text not null,
    low_hz bigint not null,
    high_hz bigint not null,
    created_us bigint not null,
    -- Null: a draft that was never sent, for its own side alone.
    submitted_us bigint,
    changed_us bigint not null,
    -- When the clock has something to do about it.
    due_us bigint,
    search text not null,
    version bigint not null,
    record text not null
);
create index requests_changed on requests (changed_us, id);
create index requests_due on requests (due_us);
create index requests_state on requests (state, low_hz);

-- What was done, said, reminded of and measured about a request, in order.
create table request_thread (
    request_id text not null references requests (id),
    entry bigint not null,
    record text not null,
    primary key (request_id, entry)
);

-- Whoever puts a request in force holds this row, so that two do not at the same time.
insert into counters (name, value) values ('leases', 0);
