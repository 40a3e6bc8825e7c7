-- What the operator says there is, and what is known of it now.
-- One text for both databases: SQLite keeps a timestamptz as whole microseconds since 1970.

-- Numbers are handed out from rows, not by identity columns: one text, one way to copy, and never given out twice.
create table counter (
  name  text   primary key,
  value bigint not null
);
insert into counter (name, value) values ('container', 0), ('miner', 0), ('inventory', 0);

create table container (
  id          integer     primary key,
  name        text        not null unique,
  description text,
  location    text,
  created_at  timestamptz not null
);

create table miner (
  id              integer     primary key,
  name            text        not null,
  name_order      text        not null, -- the name as people sort it: case folded, numbers padded
  ip_address      text        not null,
  address_order   text        not null, -- the address as a number in hex
  port            integer     not null,
  web_port        integer,
  api3_port       integer,
  manufacturer    text        not null,
  model           text,
  container_id    integer     references container (id),
  is_active       boolean     not null,
  created_at      timestamptz not null,
  username        text,
  password_sealed text,
  revision        integer     not null,
  search          text        not null, -- name, address and model, case folded
  unique (ip_address, port)
);
create index miner_by_container on miner (container_id);

-- The memory of the polls, one row a miner, written with every poll.
create table miner_watch (
  miner_id           integer primary key references miner (id) on delete cascade,
  availability       text    not null,
  misses             integer not null,
  state              text,
  fingerprint        text,                 -- JSON
  polled_at          timestamptz,
  seen_at            timestamptz,
  availability_since timestamptz,
  state_since        timestamptz,
  error              text,
  error_detail       text,
  uptime_s           bigint,
  accepted           bigint,
  rejected           bigint,
  active_pool        bigint,
  last_share_at      timestamptz,
  restarts           integer not null,
  pool_switches      integer not null,
  reject_ratio       double precision,
  reasons            text    not null,     -- JSON
  doubts             integer not null
);

-- The figures of the last good poll: narrow, because lists sort by them.
create table miner_last (
  miner_id             integer     primary key references miner (id) on delete cascade,
  at                   timestamptz not null,
  algorithm            text,
  model                text,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  accepted             bigint,
  rejected             bigint,
  pool_switches        integer,
  restarts             integer,
  temperature          double precision,
  fan_speed            bigint,
  power_w              double precision,
  uptime_s             bigint
);

-- The last good poll in full: the reading as JSON, the replies as compressed JSON.
create table miner_reading (
  miner_id integer primary key references miner (id) on delete cascade,
  reading  bytea   not null,
  raw      bytea
);
