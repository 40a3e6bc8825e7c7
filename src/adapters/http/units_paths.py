"""Where units stand below their system: their numbers may have slashes and blanks."""

from urllib.parse import quote


def path_of(number: str, rest: str = "") -> str:
    """The path of a unit below its system."""
    return f"/units/{quote(number, safe='')}{rest}"
