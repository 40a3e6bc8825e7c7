-- Two who edit one maintenance window are told of each other.
alter table maintenance add column revision integer not null default 1;
