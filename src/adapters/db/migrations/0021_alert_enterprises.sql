-- Whose the subjects of alerts are: the tenants that enterprise admins are confined to.
alter table alert add column enterprise_number text;
alter table alert_state add column enterprise_number text;
create index alert_by_enterprise on alert (enterprise_number, id);

alter table alert_rule add column enterprise_numbers text not null default '[]'; -- JSON
alter table maintenance add column enterprise_numbers text not null default '[]';

-- The usual rules are made once of each kind, as systems come that have kinds of their own: of these they were.
insert into counter (name, value)
select 'alert_usual:' || k.column1, 1
from (values ('offline'), ('no-data'), ('low-rate'), ('hot-chip'), ('hot-board'), ('slow-fan'), ('board-missing'),
             ('chips-missing'), ('pool-dead'), ('pool-switched'), ('rejects'), ('container-power'), ('late-polling')) as k
where exists (select 1 from counter where name = 'alert_usual');
delete from counter where name = 'alert_usual';
