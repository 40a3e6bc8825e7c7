"""Drivers for miners: dialects over transports."""
