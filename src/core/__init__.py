"""Rules and use cases: pure functions first, below them one frozen class a context that performs their effects."""
