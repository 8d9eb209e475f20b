-- Answers to requests that wait for the time at which they are shown, and what became of them. No row is removed.

create table sealed_answers (
    id text primary key,
    request_id text not null references requests (id),
    -- In the order in which they were made.
    place bigint not null,
    -- When they are shown; null: they wait no more.
    publishes_us bigint,
    record text not null,
    unique (request_id, place)
);
create index sealed_answers_publishes on sealed_answers (publishes_us);

-- Files that wait as well: 1 until they are shown.
alter table request_files add column sealed bigint not null default 0;
