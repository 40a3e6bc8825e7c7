"""The rules and use cases of the miners."""
