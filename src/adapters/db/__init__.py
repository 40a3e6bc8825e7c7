"""Memory: SQL written once, under two engines."""
