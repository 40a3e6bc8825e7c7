"""Where units stand below their system: their numbers may have slashes and blanks."""

from urllib.parse import quote


def path_of(number: str, rest: str = "") -> str:
    """The path of a unit below its system."""
    part = quote(number, safe="")
    # Clients fold a path that has a part of one or two dots.
    return f"/units/{part if part.strip('.') else part.replace('.', '%2E')}{rest}"
