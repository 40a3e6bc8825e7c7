-- Pages of miners by hash rate are read off an index.
create index miner_last_by_rate on miner_last (hash_rate_hs);

-- Nobody watches a miner that is not active, so nothing is known of it.
update miner_watch set availability = 'unknown', availability_since = null, misses = 0, reasons = '[]', doubts = 0
where availability <> 'unknown' and miner_id in (select id from miner where not is_active);
