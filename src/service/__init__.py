"""The faces, put on the house: one application, and one process that serves it and works.

``Service.application`` is what another ASGI server would be given; ``run`` is ``lineman serve``.
"""

from .running import opened_service, run
from .service import Service
from .system import SYSTEMS, System, alone_port

__all__ = ["SYSTEMS", "Service", "System", "alone_port", "opened_service", "run"]
