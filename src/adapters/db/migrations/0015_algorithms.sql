-- A container's hash rates by algorithm: those of different algorithms are never added.  '' is what no miner told.

create table container_rate_5m (
  container_id         integer not null,
  slot                 integer not null,
  algorithm            text    not null,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  primary key (container_id, slot, algorithm)
);

create table container_rate_1h (
  container_id         integer not null,
  hour                 integer not null,
  algorithm            text    not null,
  hash_rate_hs         double precision,
  hash_rate_nominal_hs double precision,
  primary key (container_id, hour, algorithm)
);

-- What the sums so far were of: the accounts know it by the hour.  Sums from before the accounts stay as ''.
create table rate_hour (
  container_id integer not null,
  hour         integer not null,
  algorithm    text    not null,
  mixed        boolean not null,
  primary key (container_id, hour)
);
insert into rate_hour (container_id, hour, algorithm, mixed)
select container_id, hour, coalesce(max(case when rate_slots > 0 then algorithm end), max(algorithm)),
       count(distinct case when rate_slots > 0 then algorithm end) > 1
from container_use_1h
where rate_slots is not null
group by container_id, hour;

-- Of one algorithm: the sum is its rate.
insert into container_rate_1h (container_id, hour, algorithm, hash_rate_hs, hash_rate_nominal_hs)
select c.container_id, c.hour, coalesce(r.algorithm, ''), c.hash_rate_hs, c.hash_rate_nominal_hs
from container_1h c left join rate_hour r on r.container_id = c.container_id and r.hour = c.hour
where (r.hour is null or not r.mixed) and (c.hash_rate_hs is not null or c.hash_rate_nominal_hs is not null);

insert into container_rate_5m (container_id, slot, algorithm, hash_rate_hs, hash_rate_nominal_hs)
select c.container_id, c.slot, coalesce(r.algorithm, ''), c.hash_rate_hs, c.hash_rate_nominal_hs
from container_5m c left join rate_hour r on r.container_id = c.container_id and r.hour = c.slot / 12
where (r.hour is null or not r.mixed) and (c.hash_rate_hs is not null or c.hash_rate_nominal_hs is not null);

-- Of several: what the accounts say of the hour, also for each of its intervals.  What was nominal is not known apart.
insert into container_rate_1h (container_id, hour, algorithm, hash_rate_hs)
select u.container_id, u.hour, u.algorithm, sum(u.rate_slots) / max(c.slots)
from rate_hour r
     join container_use_1h u on u.container_id = r.container_id and u.hour = r.hour
     join container_1h c on c.container_id = r.container_id and c.hour = r.hour
where r.mixed and u.rate_slots is not null and c.slots > 0
group by u.container_id, u.hour, u.algorithm;

insert into container_rate_5m (container_id, slot, algorithm, hash_rate_hs)
select c.container_id, c.slot, h.algorithm, h.hash_rate_hs
from rate_hour r
     join container_rate_1h h on h.container_id = r.container_id and h.hour = r.hour
     join container_5m c on c.container_id = r.container_id and c.slot between r.hour * 12 and r.hour * 12 + 11
where r.mixed and c.hash_rate_hs is not null;

-- The accounts of the last hour are still to be made: its intervals are rolled up anew, from the single readings.
insert into pending_slot (slot)
select distinct slot from container_5m
where slot / 12 > (select max(hour) from container_use_1h)
  and slot not in (select slot from pending_slot);

drop table rate_hour;
alter table container_5m drop column hash_rate_hs;
alter table container_5m drop column hash_rate_nominal_hs;
alter table container_1h drop column hash_rate_hs;
alter table container_1h drop column hash_rate_nominal_hs;
