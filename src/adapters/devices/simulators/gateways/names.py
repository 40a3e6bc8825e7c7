"""Invented names of units, as operators give them."""

from collections.abc import Callable

_FORMS: tuple[Callable[[int], str], ...] = (
    lambda n: f"Branch-{n:03d}",
    lambda n: f"branch-{n:03d}-lower",
    lambda n: f"Depot North {n}",
    lambda n: f"Shop & Cafe {n}",
    lambda n: f"Склад-{n}",
    lambda n: f"仓库{n}号",
    lambda n: f"Office {n}/2",
)
#: Of twenty units, so many have a plain name.
_PLAIN = 13


def name_of(index: int) -> str:
    """Return the name of the unit with an index from 0; an empty one dials in by its serial number."""
    turn = index % 20
    if turn == 19:
        return ""
    form = _FORMS[0] if turn < _PLAIN else _FORMS[1 + turn - _PLAIN]
    return form(index + 1)
