-- Numbers of events for those who may not know of every conflict: conflicts do not count, and carry the number of the
-- event before them.
alter table events add column told bigint not null default 0;
update events set told = sequence;
create index events_told on events (told);
insert into counters (name, value) select 'events_told', value from counters where name = 'events';

-- Questions whose answers depend on confidential use, by organisation and day: each set of public cells and blocks once.
create table questions (
    organisation text not null,
    day text not null,
    question text not null,
    cost bigint not null,
    first_us bigint not null,
    primary key (organisation, day, question)
);
-- The row that everybody holds who counts a question.
insert into counters (name, value) values ('questions', 0);
