"""Authentication ids of the Basic VoIP page.

The page holds the blocks of all modes, those that are not used with stale
values, and every block holds a SIP password: only the ids are taken off it.
"""

from typing import Any

from ....ports.gateways import MOST_LINES, BadPage
from .markup import html_root
from .values import clean


def authentication_ids(page: bytes, where: str, lines: tuple[int, ...]) -> tuple[tuple[int, str | None], ...]:
    """By line, as the mode that is selected says; a line without an id has ``None``.

    Raises:
        PageCut, BadPage
    """
    inputs, selects = _form(html_root(page, where))
    if selects.get("endpoint_type") == "H323":
        return tuple((line, None) for line in lines)
    mode = selects.get("sip_config_mode") or ("SINGLE_MODE" if "sip_auth_id" in inputs else None)
    if mode == "SINGLE_MODE":
        return tuple((line, inputs.get("sip_auth_id")) for line in lines)
    if mode == "TRUNK_GW_MODE":
        return tuple((line, inputs.get("sip_trunk_auth_id")) for line in lines)
    if mode == "LINE_MODE":
        return tuple((line, inputs.get(f"sip_line{line}_auth_id")) for line in lines)
    if mode == "GROUP_MODE":
        return tuple((line, inputs.get(_group_input(selects.get(f"line{line}_setting")))) for line in lines)
    raise BadPage(f"{where} names no mode that is known")


def _group_input(value: str | None) -> str:
    """The input of a line's group: 0 to 3 are the groups 1 to 4."""
    return f"sip_group{int(value) + 1}_auth_id" if value in ("0", "1", "2", "3") else ""


_INPUTS = frozenset(
    (
        "sip_auth_id",
        "sip_trunk_auth_id",
        *(f"sip_group{n}_auth_id" for n in range(1, 5)),
        *(f"sip_line{n}_auth_id" for n in range(1, MOST_LINES + 1)),
    )
)
_SELECTS = frozenset(
    ("endpoint_type", "sip_config_mode", *(f"line{n}_setting" for n in range(1, MOST_LINES + 1))),
)


def _form(root: Any) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Ids by the names of their inputs, and what is selected; nothing else of the page."""
    inputs: dict[str, str | None] = {}
    selects: dict[str, str | None] = {}
    for element in root.iter("input", "select"):
        name = element.get("name") or element.get("id") or ""
        if element.tag == "input":
            if name in _INPUTS and name not in inputs:
                inputs[name] = clean(element.get("value"))
        elif name in _SELECTS and name not in selects:
            selects[name] = _selected(element)
    return inputs, selects


def _selected(select: Any) -> str | None:
    """The value of the option that is selected, which is the first one if none says so."""
    first: Any = None
    for option in select.iter("option"):
        if option.get("selected") is not None:
            return clean(option.get("value"))
        first = option if first is None else first
    return None if first is None else clean(first.get("value"))
