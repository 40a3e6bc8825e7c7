-- Where miners stand, what they are called together, and how one gets into them.

insert into counter (name, value) values ('miner_group', 0);

-- Miners that share a login.
create table miner_group (
  id              integer     primary key,
  name            text        not null,
  name_key        text        not null unique, -- case folded
  username        text,
  password_sealed text,
  created_at      timestamptz not null,
  revision        integer     not null
);

-- The grid of a container: all three, or none.
alter table container add column rows integer;
alter table container add column shelves integer;
alter table container add column slots integer;
alter table container add column revision integer not null default 1;

alter table miner add column tags text not null default '[]'; -- JSON, sorted
alter table miner add column group_id integer references miner_group (id);
alter table miner add column place_row integer; -- all three, or none
alter table miner add column place_shelf integer;
alter table miner add column place_slot integer;
alter table miner add column hardware_id text; -- by the device's own word

-- One miner a place; those without one do not count.
create unique index miner_by_place on miner (container_id, place_row, place_shelf, place_slot);
create index miner_by_group on miner (group_id);
