-- What miners were told to do, and what became of it.

insert into counter (name, value) values ('action', 0);

create table miner_action (
  id           bigint      primary key,
  miner_id     integer     not null references miner (id) on delete cascade,
  miner        text        not null, -- its name at that time
  action       text        not null,
  arguments    text        not null, -- JSON, without secrets
  ordered_by   text        not null,
  requested_at timestamptz not null,
  status       text        not null,
  detail       text        not null,
  sent_at      timestamptz,
  accepted_at  timestamptz,
  finished_at  timestamptz,
  until        timestamptz,
  before       text        not null  -- JSON: the miner just before
);
create index miner_action_by_miner on miner_action (miner_id, id);
-- One at a time a miner, whoever asks.
create unique index miner_action_under_way on miner_action (miner_id) where status in ('requested', 'accepted');
create index miner_action_awaited on miner_action (until) where status = 'unverified';
