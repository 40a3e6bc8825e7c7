-- History.  Rows are clustered by time first and miner second: a poll round is written to a few pages at the end,
-- a miner's chart is one short seek a group, and a roll-up reads one group in a piece.
-- slot, hour and day count 5 minutes, hours and days since 1970 in UTC.

create table miner_sample (
  slot                 integer     not null,
  miner_id             integer     not null,
  at                   timestamptz not null,
  container_id         integer,
  state                text,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  accepted             bigint,
  rejected             bigint,
  pool_switches        integer,
  restarts             integer,
  temperature          double precision,
  fan_speed            bigint,
  power_w              double precision,
  hw_errors            bigint,
  uptime_s             bigint,
  error                text,               -- a missed poll
  accepted_new         bigint,             -- since the good poll before
  rejected_new         bigint,
  restarts_new         integer,
  switches_new         integer,
  primary key (slot, miner_id, at)
) without rowid;

create table miner_5m (
  hour             integer not null,
  miner_id         integer not null,
  slot             integer not null,
  polls            integer not null,
  misses           integer not null,
  hash_rate_hs     double precision,
  hash_rate_min_hs double precision,
  hash_rate_max_hs double precision,
  temperature_max  double precision,
  fan_speed_max    bigint,
  fan_speed_min    bigint,
  power_w          double precision,
  accepted         bigint,
  rejected         bigint,
  restarts         integer,
  pool_switches    integer,
  primary key (hour, miner_id, slot)
) without rowid;

create table miner_1h (
  day              integer not null,
  miner_id         integer not null,
  hour             integer not null,
  polls            integer not null,
  misses           integer not null,
  hash_rate_hs     double precision,
  hash_rate_min_hs double precision,
  hash_rate_max_hs double precision,
  temperature_max  double precision,
  fan_speed_max    bigint,
  fan_speed_min    bigint,
  power_w          double precision,
  accepted         bigint,
  rejected         bigint,
  restarts         integer,
  pool_switches    integer,
  primary key (day, miner_id, hour)
) without rowid;

-- Sums over the miners that were in the container at the time.
create table container_5m (
  container_id         integer not null,
  slot                 integer not null,
  miners               integer not null,
  seen                 integer not null,
  hashing              integer not null,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  power_w              double precision,
  temperature_max      double precision,
  temperature_avg      double precision,
  accepted             bigint,
  rejected             bigint,
  primary key (container_id, slot)
) without rowid;

create table container_1h (
  container_id         integer not null,
  hour                 integer not null,
  miners               integer not null,
  seen                 integer not null,
  hashing              integer not null,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  power_w              double precision,
  temperature_max      double precision,
  temperature_avg      double precision,
  accepted             bigint,
  rejected             bigint,
  primary key (container_id, hour)
) without rowid;

-- Slots with samples, and hours with slots, that are still to be rolled up.
create table pending_slot (slot integer primary key);
create table pending_hour (hour integer primary key);

-- Single readings of slots before this number are gone.
insert into counter (name, value) values ('raw_gone', 0);

-- History is let go only by a clock that has run without a jump for a while.
create table clock_trust (
  name  text        primary key,
  seen  timestamptz not null,
  since timestamptz not null
);

-- The order that pages ask for most, besides that of the key.
create index miner_by_name on miner (name_order);
