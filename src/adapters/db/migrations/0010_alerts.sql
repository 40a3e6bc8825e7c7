-- Alerts of every system: what people set, what is not well, and what waits to be told.

-- alert_rules grows with every change of rules, channels and windows, alert_change with every change of an alert.
insert into counter (name, value) values
  ('alert', 0), ('alert_change', 0), ('alert_rule', 0), ('alert_rules', 0), ('alert_channel', 0), ('alert_notice', 0),
  ('maintenance', 0);

create table alert_rule (
  id                     integer          primary key,
  name                   text             not null unique,
  kind                   text             not null,
  threshold              double precision,
  minutes                double precision not null,
  severity               text             not null,
  container_ids          text             not null, -- JSON, as all lists here
  tags                   text             not null,
  channel_ids            text             not null,
  escalate_after_minutes integer,
  escalate_channel_ids   text             not null,
  is_active              boolean          not null,
  revision               integer          not null
);

create table alert_channel (
  id           integer     primary key,
  name         text        not null unique,
  scheme       text        not null,
  url_sealed   text        not null,
  is_active    boolean     not null,
  last_sent_at timestamptz,
  last_error   text,
  revision     integer     not null
);

create table maintenance (
  id            integer     primary key,
  since         timestamptz not null,
  until         timestamptz not null,
  reason        text        not null,
  created_by    text        not null,
  system        text,
  container_ids text        not null,
  subject_ids   text        not null
);

-- What an alert says stays as it was when it fired: rules, subjects and containers change and go.
create table alert (
  id              integer          primary key,
  seq             bigint           not null, -- the number of its last change
  rule_id         integer          not null,
  rule            text             not null,
  kind            text             not null,
  severity        text             not null,
  system          text             not null,
  subject_id      bigint           not null,
  subject         text             not null,
  subject_key     text             not null, -- case folded
  container_id    integer,
  status          text             not null,
  value           double precision,
  unit            text             not null,
  detail          text             not null,
  since           timestamptz      not null,
  fired_at        timestamptz      not null,
  last_at         timestamptz      not null,
  recovered_at    timestamptz,
  acknowledged_by text,
  acknowledged_at timestamptz,
  comment         text,
  escalated_at    timestamptz,
  muted           boolean          not null
);
create unique index alert_by_change on alert (seq);
create index alert_open on alert (id) where status <> 'recovered';
create index alert_by_subject on alert (system, subject_id, id);
create index alert_by_container on alert (container_id, id);

-- What is not well: one row a rule and subject, so that nothing can fire twice.
create table alert_state (
  rule_id      integer     not null,
  system       text        not null,
  subject_id   bigint      not null,
  subject      text        not null,
  container_id integer,
  since        timestamptz not null,
  alert_id     integer     references alert (id) on delete cascade, -- null: it has not lasted long enough
  primary key (rule_id, system, subject_id)
);
create index alert_state_by_alert on alert_state (alert_id);

create table alert_notice (
  id         bigint      primary key,
  alert_id   integer     not null references alert (id) on delete cascade,
  channel_id integer     not null,
  channel    text        not null,
  kind       text        not null,
  at         timestamptz not null, -- queued; later: sent or given up
  delivery   text        not null,
  attempts   integer     not null,
  next_try   timestamptz not null,
  error      text
);
create index alert_notice_by_alert on alert_notice (alert_id, id);
create index alert_notice_waiting on alert_notice (id) where delivery = 'waiting';
