-- Asterisk units: what the operator says there is, what is known of it now, what happened, and power cycles.

-- units grows with every change of units.
insert into counter (name, value) values ('unit', 0), ('units', 0), ('unit_history', 0), ('power_cycle', 0);

create table unit (
  id                  integer     primary key,
  enterprise_number   text        not null unique references enterprise (number),
  host                text        not null,
  port                integer     not null,
  username            text        not null,
  password_sealed     text,
  key_sealed          text,
  via                 text        not null,
  parameter_option_2  boolean     not null, -- its power may be cut
  may_restart_service boolean     not null,
  parent              text,                 -- the enterprise's number of another unit
  host_key            text,
  plug_kind           text,
  plug_device_id      text,
  plug_outlet         integer,
  failure_threshold   integer,
  patterns            text        not null, -- JSON
  second_opinion      text,
  second_port         integer,
  paused_until        timestamptz,
  paused_by           text,
  created_at          timestamptz not null,
  revision            integer     not null
);
-- A plug feeds one unit.
create unique index unit_by_plug on unit (plug_kind, plug_device_id, (coalesce(plug_outlet, -1)));

-- One row a unit from its first look on.  The first nine columns are published under these names.
create table unit_live_status (
  enterprise_number   text        primary key references unit (enterprise_number) on delete cascade,
  last_status         text,
  last_checked_at     timestamptz,
  failure_counter     integer     not null,
  last_error_message  text,
  disk_usage_percent  integer,
  line_stats          text,                 -- JSON
  sip_peers           integer,
  ewelink_action_done boolean     not null,
  state               text        not null, -- JSON: all that the state machine remembers
  outcome             text,
  cause               text,
  peers               text        not null, -- JSON
  uptime_s            bigint,
  calls               integer,
  version             text,
  since               timestamptz,
  gate                text,
  next_possible_at    timestamptz
);

-- What happened stays, whatever becomes of the unit; all columns are published under these names.
create table unit_status_history (
  id                integer     primary key,
  enterprise_number text,                 -- null: of a plug that belonged to nobody
  prev_status       text,
  new_status        text,
  change_time       timestamptz not null,
  failure_counter   integer     not null,
  error_message     text,
  action_type       text,
  action_result     text,
  action_time       timestamptz,
  user_initiator    text,
  extra_info        text        not null  -- JSON
);
create index unit_status_history_by_unit on unit_status_history (enterprise_number, change_time);
create index unit_status_history_by_time on unit_status_history (change_time);

-- One row a look whose figures differ from those before.
create table unit_line_count (
  enterprise_number  text        not null references unit (enterprise_number) on delete cascade,
  at                 timestamptz not null,
  gsm_total          integer     not null,
  gsm_online         integer     not null,
  sip_total          integer     not null,
  sip_online         integer     not null,
  internal_total     integer     not null,
  internal_online    integer     not null,
  disk_usage_percent integer,
  primary key (enterprise_number, at)
);
create index unit_line_count_by_time on unit_line_count (at);

-- A plug that may be off must be switched on again, whatever becomes of the unit: so nothing is referred to.
create table power_cycle (
  id                integer     primary key,
  enterprise_number text,
  plug_kind         text        not null,
  plug_device_id    text        not null,
  plug_outlet       integer,
  initiator         text        not null,
  ordered_by        text        not null,
  requested_at      timestamptz not null,
  step              text        not null,
  step_at           timestamptz,
  result            text,
  error             text,
  on_tries          integer     not null,
  next_at           timestamptz,
  finished_at       timestamptz
);
create index power_cycle_by_unit on power_cycle (enterprise_number, id);
-- One at a time a plug, whoever asks.
create unique index power_cycle_under_way on power_cycle (plug_kind, plug_device_id, (coalesce(plug_outlet, -1)))
  where finished_at is null;

-- At most one row; none: nobody set anything yet.
create table power_policy (
  id         integer     primary key check (id = 1),
  stopped    boolean     not null, -- the red switch
  stopped_by text,
  stopped_at timestamptz,
  dry_run    boolean     not null,
  revision   integer     not null
);

-- The account behind cloud plugs: at most one row.
create table cloud_token (
  id                 integer     primary key check (id = 1),
  region             text        not null,
  access_sealed      text,
  refresh_sealed     text,
  access_expires_at  timestamptz not null,
  refresh_expires_at timestamptz not null,
  granted_at         timestamptz not null,
  revision           integer     not null
);

-- Authorisations under way.
create table cloud_state (
  digest     text        primary key, -- SHA-256 of what was handed out
  asked_by   text        not null,
  expires_at timestamptz not null
);

create table cloud_quota (
  month  text   not null,
  region text   not null,
  calls  bigint not null,
  primary key (month, region)
);
