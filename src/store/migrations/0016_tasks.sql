-- Measuring tasks: what each asks for, where it stands, and what was observed for it.

create table measuring_tasks (
    id text primary key,
    version bigint not null,
    state text not null,
    number text not null,
    -- Whose it is, and whose quota it uses.
    organisation text not null,
    low_hz bigint not null,
    high_hz bigint not null,
    asked_us bigint not null,
    -- Week in which it counts, and the minutes of its quota it takes.
    week_us bigint not null,
    charged_min bigint not null,
    -- When the clock has something to do about it; none: never again.
    due_us bigint,
    record text not null
);
create index measuring_tasks_asked on measuring_tasks (asked_us, id);
create index measuring_tasks_due on measuring_tasks (due_us);
create index measuring_tasks_week on measuring_tasks (organisation, week_us);
