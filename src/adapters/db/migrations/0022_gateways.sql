-- GSM gateways: what the operator says there is, what is known of it now, and what was asked of it.

insert into counter (name, value) values ('directory', 0), ('gateway', 0), ('gateway_scan', 0), ('gateway_command', 0);

-- Remote administration servers.  Number 0 is that of the settings, which is not kept here.
create table directory (
  id              integer     primary key,
  name            text        not null,
  name_key        text        not null unique, -- case folded
  host            text        not null,
  host_key        text        not null,        -- case folded
  port            integer     not null,
  username        text,
  password_sealed text,
  is_active       boolean     not null,
  created_at      timestamptz not null,
  revision        integer     not null,
  unique (host_key, port)
);

create table gateway (
  id                integer     primary key,
  name              text        not null unique,
  name_order        text        not null, -- the name as people sort it: case folded, numbers padded
  enterprise_number text        not null references enterprise (number),
  directory_id      integer     references directory (id),
  of_settings       boolean     not null, -- the directory of the settings is meant
  serial_last4      text,
  username          text,
  password_sealed   text,
  created_at        timestamptz not null,
  revision          integer     not null,
  search            text        not null  -- name and digits, case folded
);
create index gateway_by_enterprise on gateway (enterprise_number);
create index gateway_by_directory on gateway (directory_id);

-- One row a gateway, there from the start, written with every scan.
create table gateway_watch (
  gateway_id      integer     primary key references gateway (id) on delete cascade,
  status          text        not null,
  reason          text,
  detail          text        not null,
  since           timestamptz,
  port            integer,
  last_port       integer,
  scanned_at      timestamptz,
  listed_at       timestamptz,
  ok_at           timestamptz,
  stale           boolean     not null,
  missing         integer     not null,
  address         text,
  title           text,
  model           text,
  serial          text,
  serial_last4    text,
  firmware        text,
  module_version  text,
  uptime_s        bigint,
  device_time     text,
  line_count      integer,
  rebooting_until timestamptz,
  extras_at       timestamptz,
  search          text        not null, -- model, title and serial number, case folded
  -- Of the lines as they were read last; none were if there is no time.
  lines_at        timestamptz,
  lines_total     integer,
  lines_ok        integer,
  lines_weak      integer,
  lines_down      integer,
  lines_busy      integer
);

create table gateway_line (
  gateway_id           integer     not null references gateway (id) on delete cascade,
  line                 integer     not null,
  lines_at             timestamptz not null, -- when the gateway's lines were read that this one is of
  health               text        not null,
  health_since         timestamptz,
  seen_at              timestamptz not null,
  voip_used            boolean     not null,
  authentication_known boolean     not null,
  authentication_id    text,
  operator_key         text,                 -- case folded
  forwards             text,                 -- JSON
  shown                text        not null, -- JSON: the line as its page shows it
  primary key (gateway_id, line)
);

create table gateway_event (
  gateway_id integer     not null references gateway (id) on delete cascade,
  at         timestamptz not null,
  kind       text        not null,
  line       integer     not null, -- 0: the whole gateway
  place      integer     not null, -- among those of one moment, kind and line
  before     text,
  after      text,
  detail     text        not null,
  primary key (gateway_id, at, kind, line, place)
);
create index gateway_event_by_time on gateway_event (at);

create table gateway_scan (
  id           integer     primary key,
  status       text        not null,
  requested_by text        not null,
  requested_at timestamptz not null,
  started_at   timestamptz,
  finished_at  timestamptz,
  attempts     integer     not null,
  total        integer     not null,
  done         integer     not null,
  active       integer     not null,
  inactive     integer     not null,
  errors       integer     not null,
  directories  text        not null, -- JSON
  detail       text        not null
);
-- Two never overlap, whoever asks.
create unique index gateway_scan_under_way on gateway_scan ((status is not null)) where status in ('queued', 'running');
create index gateway_scan_by_end on gateway_scan (finished_at);

-- What a scan found stays, whatever becomes of the gateway.
create table gateway_scan_outcome (
  scan_id           integer not null references gateway_scan (id) on delete cascade,
  gateway           text    not null,
  gateway_order     text    not null,
  enterprise_number text    not null,
  status            text    not null,
  reason            text,
  detail            text    not null,
  took_ms           integer not null,
  primary key (scan_id, gateway)
);

create table gateway_command (
  id           bigint      primary key,
  gateway_id   integer     not null references gateway (id) on delete cascade,
  kind         text        not null,
  line         integer,
  ordered_by   text        not null,
  requested_at timestamptz not null,
  status       text        not null,
  detail       text        not null,
  sent_at      timestamptz,
  accepted_at  timestamptz,
  finished_at  timestamptz,
  uptime_s     bigint,     -- just before
  gap_seen     boolean     not null,
  until        timestamptz
);
create index gateway_command_by_gateway on gateway_command (gateway_id, id);
-- One at a time a gateway, whoever asks.
create unique index gateway_command_under_way on gateway_command (gateway_id) where status in ('requested', 'accepted');
