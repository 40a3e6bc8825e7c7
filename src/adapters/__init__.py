"""Everything that touches the world: memory, hands and faces."""
