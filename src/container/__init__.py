"""The composition root: every room, built without waiting; ``opened`` turns the water on.

Nothing is wired or injected behind anybody's back: faces get use cases handed
in (``service``), tests replace a provider with ``override``.
"""

from .foundation import process_name, secret_keys
from .house import House, opened

__all__ = ["House", "opened", "process_name", "secret_keys"]
