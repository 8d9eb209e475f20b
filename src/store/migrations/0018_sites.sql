-- Sites where receivers stand. The record is the site as it stands.

create table sites (
    id text primary key,
    organisation text not null,
    version bigint not null,
    record text not null
);
