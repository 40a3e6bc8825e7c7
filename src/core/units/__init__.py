"""Asterisk units: the rules, and the use cases over them."""
