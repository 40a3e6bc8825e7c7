"""Miners: the rules of their lives, and what one can ask about them."""
