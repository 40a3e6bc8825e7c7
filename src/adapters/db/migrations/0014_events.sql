-- What happened to miners, what containers used, and what changed for those who watch.

-- A poll shows each kind of event once at most, so that storing it twice leaves it once.
create table miner_event (
  miner_id integer     not null references miner (id) on delete cascade,
  at       timestamptz not null,
  kind     text        not null,
  before   text,
  after    text,
  detail   text        not null,
  primary key (miner_id, at, kind)
);
create index miner_event_by_time on miner_event (at);

-- What the watts of the last good reading were measured at.
alter table miner_last add column power_kind text;
-- Where the miner stood in the interval.
alter table miner_5m add column container_id integer;
-- How many slots of the hour the container was polled in.
alter table container_1h add column slots integer;

-- For accounts: sums that may be added over hours and over rows.  '' stands for what no miner told.
create table container_use_1h (
  container_id  integer          not null,
  hour          integer          not null,
  algorithm     text             not null,
  power_kind    text             not null,
  miners        integer          not null,
  miner_slots   integer          not null, -- miners times the slots in which anything in the container was polled
  awaited       integer          not null, -- of those, in which the miner should have hashed
  hashing       integer          not null, -- and did
  measured      integer          not null, -- miner_slots whose power is known
  energy_wh     double precision,
  rate_slots    double precision,          -- H/s, summed over miners and slots
  polls         integer          not null,
  misses        integer          not null,
  accepted      bigint,
  rejected      bigint,
  restarts      integer,
  pool_switches integer,
  primary key (container_id, hour, algorithm, power_kind)
);

-- The miners of the last batches of polls, numbered in the order in which they became visible: what streams read.
insert into counter (name, value) values ('watch', 0);
create table watch_batch (
  number    bigint primary key,
  miner_ids text   not null -- JSON
);
