"""Times as people type them."""

from datetime import datetime, tzinfo

from ...ports.errors import Invalid


def moment(field: str, said: str | None, where: tzinfo | None = None) -> str | None:
    """A date or a time, in the zone ``where`` (of this host) if it names none, as the API takes it.

    Raises:
        Invalid: It is neither.
    """
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=where) if where else found.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(
            f"{said[:40]!r} is no date and no time; write 2026-11-01 or 2026-11-01T06:00", field=field
        ) from error
    return found.isoformat()
