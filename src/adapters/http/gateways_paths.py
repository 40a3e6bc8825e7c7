"""Where a gateway is, whatever is in its name."""

from urllib.parse import quote


def path_of(name: str, rest: str = "") -> str:
    """The path of a gateway below its system: slashes and all are a part of the one part that is its name."""
    part = quote(name, safe="")
    # Clients fold a path that has a part of one or two dots.
    return f"/devices/{part if part.strip('.') else part.replace('.', '%2E')}{rest}"
