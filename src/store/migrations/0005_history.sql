-- What the registry said before. A row that is current carries the time it came in (updated_us) where it is; only what
-- another one took the place of, or what was removed, moves here. So a bulk import of new rows writes nothing more.

create table assignment_history (
    id text not null,
    version bigint not null,
    valid_from_us bigint not null,
    valid_until_us bigint not null,
    center_hz bigint not null,
    low_hz bigint not null,
    high_hz bigint not null,
    record text not null,
    search text not null,
    updated_by text not null,
    -- Who removed the record, where nothing took its place.
    removed_by text,
    primary key (id, version)
);
create index assignment_history_center on assignment_history (center_hz, id);
create index assignment_history_removed on assignment_history (removed_by);

alter table allocation_tables add column version bigint not null default 1;
alter table allocation_tables add column updated_us bigint not null default 0;
alter table allocation_tables add column updated_by text not null default '';
-- Since when a table has been as it is was not kept; what is certain is that nothing changed after the last import.
update allocation_tables set updated_us = coalesce((select max(time_us) from imports where kind = 'allocations'), 0);

create table allocation_history (
    id text not null,
    version bigint not null,
    valid_from_us bigint not null,
    valid_until_us bigint not null,
    record text not null,
    updated_by text not null,
    primary key (id, version)
);

-- Which version of the registry verdicts were made by since when.
create table registry_versions (
    entry bigint primary key,
    version text not null,
    since_us bigint not null
);
create index registry_versions_version on registry_versions (version);

-- What was put in force or refused besides what people change over the API.
create table audit (
    entry bigint primary key,
    time_us bigint not null,
    actor text not null,
    action text not null,
    subject text not null,
    accepted bigint not null,
    version_before text,
    version_after text,
    sha256 text,
    reason text
);
