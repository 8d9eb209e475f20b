-- Interference complaints: what each says, where it stands and everything that was done about it.

create table interference_reports (
    id text primary key,
    version bigint not null,
    state text not null,
    number text not null,
    -- Office that handles it, and whether the other side was brought in.
    office text not null,
    shared bigint not null,
    level text not null,
    grade bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    filed_us bigint not null,
    -- When the clock has something to do about it.
    due_us bigint,
    record text not null
);
create index interference_reports_filed on interference_reports (filed_us, id);
create index interference_reports_due on interference_reports (due_us);
