"""lineman keeps field devices on the line.

Used as a library, a Starlette service (``lineman serve``), a command line
(``lineman``) and, by those who write drivers, as simulators and contract suites.
"""

__version__ = "0.1.0"
