-- The series of lines.  Rows are clustered by time first and line second, as those of miners: a scan is written to a few
-- pages at the end, a line's chart is one short seek a group, and a roll-up reads one group in a piece.
-- hour, day and block count hours, days and 30 days since 1970 in UTC.

create table line_sample (
  hour       integer     not null,
  gateway_id integer     not null,
  line       integer     not null,
  at         timestamptz not null,
  rssi       integer,             -- only where it says something
  gsm        integer,             -- 0, 1: numbers add up in both databases
  voip       integer,
  busy       integer,
  primary key (hour, gateway_id, line, at)
) without rowid;

-- Sums and counts, so that they add up over intervals; _known is of the scans that knew the answer.
create table line_1h (
  day         integer not null,
  gateway_id  integer not null,
  line        integer not null,
  hour        integer not null,
  samples     integer not null,
  rssi_sum    integer,
  rssi_known  integer not null,
  rssi_min    integer,
  rssi_max    integer,
  gsm_yes     integer not null,
  gsm_known   integer not null,
  voip_yes    integer not null,
  voip_known  integer not null,
  busy_yes    integer not null,
  busy_known  integer not null,
  primary key (day, gateway_id, line, hour)
) without rowid;

create table line_1d (
  block       integer not null,
  gateway_id  integer not null,
  line        integer not null,
  day         integer not null,
  samples     integer not null,
  rssi_sum    integer,
  rssi_known  integer not null,
  rssi_min    integer,
  rssi_max    integer,
  gsm_yes     integer not null,
  gsm_known   integer not null,
  voip_yes    integer not null,
  voip_known  integer not null,
  busy_yes    integer not null,
  busy_known  integer not null,
  primary key (block, gateway_id, line, day)
) without rowid;

-- Over all lines of a gateway, for the small charts of lists.
create table gateway_1h (
  hour       integer not null,
  gateway_id integer not null,
  rssi_sum   integer not null,
  rssi_known integer not null,
  primary key (hour, gateway_id)
) without rowid;

-- Hours with samples, and days with hours, that are still to be rolled up.
create table pending_line_hour (hour integer primary key);
create table pending_line_day (day integer primary key);

-- Hours before this number cannot be made anew: their samples are gone.
insert into counter (name, value) values ('line_gone', 0);

-- The order that pages ask for most, besides that of the key.
create index gateway_by_name on gateway (name_order);
