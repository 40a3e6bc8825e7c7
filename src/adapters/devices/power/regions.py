"""The cloud's regions: a closed set, for each becomes part of a host name."""

from urllib.parse import urlsplit

from ....ports.power.cloud import REGIONS, BadRegion


def api_base(region: str, instead: str | None = None) -> str:
    """The address of a region's API, without a slash at its end; ``instead`` stands in for all of them.

    Raises:
        BadRegion
    """
    if region not in REGIONS:
        raise BadRegion(f"there is no region {region[:16]!r}; it is one of {', '.join(REGIONS)}", field="region")
    if instead is not None:
        return instead
    return f"https://{region}-apia.coolkit.{'cn' if region == 'cn' else 'cc'}"


def checked_base(address: str) -> str:
    """An address to use instead of the cloud's, such as a simulator's.

    Raises:
        ValueError: It is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{address!r} is no address of an API: http://HOST:PORT is one")
    return address.rstrip("/")
