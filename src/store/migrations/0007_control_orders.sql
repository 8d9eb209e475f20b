-- Radio control orders made by people: what each says, where it stands and every step. Those of the file are not here.

create table control_orders (
    id text primary key,
    version bigint not null,
    state text not null,
    -- Number of the order; two offices may give the same.
    number text not null,
    low_hz bigint not null,
    high_hz bigint not null,
    -- When it binds, or would: from its approval at the earliest, until it was lifted.
    from_us bigint not null,
    until_us bigint not null,
    -- Whether it is classified.
    closed bigint not null,
    record text not null
);
create index control_orders_from on control_orders (from_us, id);
create index control_orders_state on control_orders (state);
