-- Looking for miners: jobs, and what they found.

insert into counter (name, value) values ('discovery', 0);

create table discovery (
  id              integer     primary key,
  status          text        not null,
  targets         text        not null, -- JSON
  addresses       integer     not null,
  probed          integer     not null,
  answered        integer     not null,
  found           integer     not null,
  tally           text        not null, -- JSON: finds by status
  doors           text        not null, -- JSON
  by_whom         text        not null,
  created_at      timestamptz not null,
  started_at      timestamptz,
  finished_at     timestamptz,
  error           text,
  attempts        integer     not null,
  username        text,
  password_sealed text
);
create index discovery_by_status on discovery (status, id);

create table discovery_find (
  discovery_id integer not null references discovery (id) on delete cascade,
  place        integer not null,
  host         text    not null,
  port         integer not null,
  status       text    not null,
  manufacturer text,
  model        text,
  firmware     text,
  hardware_id  text,
  miner_id     integer,
  was          text,
  detail       text,
  primary key (discovery_id, place)
);
