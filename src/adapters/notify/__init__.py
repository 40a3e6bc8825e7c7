"""Hands that tell people: alert channels."""
