"""Hands: each file speaks one protocol or knows one maker's dialect of it."""
