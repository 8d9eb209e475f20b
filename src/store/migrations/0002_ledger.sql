-- The ledger in full: whom a conflict is assigned to, conflicts merged into one, attachments, and the alarms' outbox.
-- A merged conflict keeps its row, its history and its attachments; readers of the other one read them along. So a
-- merging can be taken back without a trace. Emissions say which conflict they count in now (conflict_id) and which
-- one the measurement put them into (cause_id).

alter table conflicts add column assigned_user text;
alter table conflicts add column assigned_team text;
alter table conflicts add column assigned_by text;
alter table conflicts add column assigned_us bigint;
alter table conflicts add column merged_into text;
alter table conflicts add column merged_status text;
create index conflicts_merged on conflicts (merged_into);

alter table emissions add column cause_id text;
update emissions set cause_id = conflict_id where conflict_id is not null;
create index emissions_cause on emissions (cause_id);

create table attachments (
    id text primary key,
    conflict_id text not null references conflicts (id),
    name text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    uploaded_by text not null,
    uploaded_us bigint not null
);
create index attachments_conflict on attachments (conflict_id, uploaded_us);
create index attachments_content on attachments (sha256);

-- What a route was told of a conflict last.
create table alarm_told (
    route text not null,
    conflict_id text not null,
    status text not null,
    severity text not null,
    primary key (route, conflict_id)
);

-- What is to be told; a delivery tells one of them, or many as a digest.
create table alarm_notices (
    id text primary key,
    route text not null,
    severity bigint not null,
    due_us bigint not null,
    data text not null,
    delivery_id text
);
create index alarm_notices_waiting on alarm_notices (route, delivery_id, due_us);

create table alarm_deliveries (
    id text primary key,
    route text not null,
    severity bigint not null,
    body text not null,
    state text not null,
    attempts bigint not null,
    created_us bigint not null,
    next_us bigint not null
);
create index alarm_deliveries_waiting on alarm_deliveries (route, state, next_us);
create index alarm_deliveries_made on alarm_deliveries (route, created_us);

create table alarm_health (
    route text primary key,
    success_us bigint,
    error_us bigint,
    error text
);
