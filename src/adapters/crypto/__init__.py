"""Secrets at rest and password hashes."""
