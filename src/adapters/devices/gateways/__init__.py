"""GoIP gateways and the remote administration server whose ports they are on."""

from .driver import GoipDriver
from .radmin import RadminDirectory

__all__ = ["GoipDriver", "RadminDirectory"]
