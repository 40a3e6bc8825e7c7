"""How bytes get to a miner and back: one request, one connection, a cap on what comes."""
