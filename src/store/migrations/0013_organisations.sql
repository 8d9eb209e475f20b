-- Organisations, who belongs to which, and whose a request is. The record is the organisation as it stands.

create table organisations (
    id text primary key,
    code text not null unique,
    kind text not null,
    parent text,
    active bigint not null,
    version bigint not null,
    record text not null
);

-- One of each side, for everything that is there already. The time is that of this migration's writing: when an office
-- was founded is not known.
insert into organisations (id, code, kind, parent, active, version, record) values
('civil', 'CIVIL', 'civil', null, 1, 1, '{"id":"civil","profile":{"name":{"zh":"无线电管理机构","en":"Civil radio administration"},"code":"CIVIL","kind":"civil","level":null,"parent":null,"contact":{"person":"","phone":"","email":"","address":""}},"active":true,"created_at":"2026-11-23T00:00:00Z","version":1}'),
('military', 'MILITARY', 'military', null, 1, 1, '{"id":"military","profile":{"name":{"zh":"军队电磁频谱管理机构","en":"Military spectrum office"},"code":"MILITARY","kind":"military","level":null,"parent":null,"contact":{"person":"","phone":"","email":"","address":""}},"active":true,"created_at":"2026-11-23T00:00:00Z","version":1}');

alter table users add column organisation text not null default 'civil';
update users set organisation = 'military' where role = 'military_officer';
create index users_organisation on users (organisation);

-- Whose it is, and who is asked: a side, or one office of it.
alter table requests add column organisation text not null default '';
alter table requests add column to_side text not null default '';
alter table requests add column to_organisation text;
update requests set organisation = side, to_side = case side when 'civil' then 'military' else 'civil' end;
create index requests_organisation on requests (organisation);

-- Devices that operators registered by PAWS (RFC 7545): what each said, and which spectrum it told to use last.
create table devices (
    device text primary key,
    organisation text not null references organisations (id),
    registered_us bigint not null,
    said text not null,
    used_us bigint,
    used text
);
create index devices_organisation on devices (organisation);
