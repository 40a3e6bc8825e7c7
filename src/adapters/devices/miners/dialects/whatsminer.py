"""Whatsminer API 2 on port 4028: btminer, and the cgminer of 2018 and 2019 before it."""

from typing import Any

from .....ports.miners import Board, Fingerprint, Maker, PowerKind, Reading, Shares, State, Target
from ..dialect import Dialect, Replies
from ..models import find_model
from ..pools import active_pool, last_share, read_pools, summary_shares
from ..values import G, M, Section, celsius, counter, first, hottest, number, positive, rate, rpm, sections, text
from ..words import Way, word

_WINDOWS = (
    ("HS RT", "rt"), ("MHS 5s", "5s"), ("MHS 1m", "1m"), ("MHS 5m", "5m"), ("MHS 15m", "15m"), ("MHS av", "av"),
)  # fmt: skip
_FANS = ("Fan Speed In", "Fan Speed Out")
_ERRORS = 64
#: What says in `status` whether it was stopped, by firmware.
_OFF = frozenset({"btmineroff", "mineroff"})


def read(replies: Replies, known: Fingerprint) -> Reading:
    """A reading from ``summary``, ``edevs`` or ``devs``, and ``pools``; asleep from ``status`` alone."""
    summary = first(replies.get("summary"), "SUMMARY")
    windows = {name: found for key, name in _WINDOWS if (found := rate(summary.get(key), M)) is not None}
    current = windows.get("rt", windows.get("1m", windows.get("av")))
    boards = _boards(replies)
    asleep = _asleep(replies)
    if asleep:
        current = current or 0.0
    errors = _errors(summary, replies.get("get_error_code"))
    pools = read_pools(replies.get("pools"))
    model = _model(replies) or known.model
    table = find_model(Maker.WHATSMINER, model)
    nominal = positive(summary.get("Factory GHS"))
    return Reading(
        vendor=Maker.WHATSMINER,
        state=_state(current, errors, asleep=asleep),
        model=model,
        firmware=_firmware(summary, replies, known),
        algorithm="sha256",
        hash_rate_hs=current,
        hash_rate_windows_hs=windows,
        hash_rate_nominal_hs=nominal * G if nominal else None,
        power_w=(power := positive(summary.get("Power"))),
        power_kind=PowerKind.WALL if power else None,
        power_limit_w=positive(summary.get("Power Limit")),
        temp_env_c=celsius(summary.get("Env Temp")),
        temp_board_max_c=hottest([summary.get("Temperature"), *[board.temp_board_c for board in boards]]),
        temp_chip_max_c=hottest([summary.get("Chip Temp Max"), *[board.temp_chip_c for board in boards]]),
        fans_rpm=tuple([turns for key in _FANS if (turns := rpm(summary.get(key))) is not None]),
        fan_psu_rpm=rpm(summary.get("Power Fanspeed")),
        shares=summary_shares(summary) if summary else Shares(),
        hw_errors=counter(summary.get("Hardware Errors")),
        uptime_s=counter(summary.get("Elapsed")),
        system_uptime_s=counter(summary.get("Uptime")),
        pools=pools,
        active_pool=active_pool(pools),
        errors=errors,
        boards=boards,
        boards_expected=table.boards if table else None,
        last_share_at=last_share(pools),
    )


def _boards(replies: Replies) -> tuple[Board, ...]:
    found = []
    devices = sections(replies.get("edevs") or replies.get("devs"), "DEVS")
    for place, entry in enumerate(devices):
        get = entry.get
        slot = counter(get("Slot", get("ASC")))
        current = rate(get("HS RT", get("MHS 1m", get("MHS av"))), M)
        found.append(
            Board(
                place if slot is None else slot,
                current,
                rate(positive(get("Factory GHS")), G),
                celsius(get("Temperature")),
                celsius(get("Chip Temp Max")),
                None,
                counter(get("Effective Chips")),
                None,
                positive(get("Chip Frequency")),
                counter(get("Hardware Errors")),
            )
        )
    return tuple(found)


def _asleep(replies: Replies) -> bool:
    status = _message(replies.get("status"))
    return any(text(status.get(key)) == "true" for key in _OFF)


def _state(current: float | None, errors: tuple[str, ...], *, asleep: bool) -> State:
    if asleep:
        return State.SLEEPING
    if current:
        return State.MINING
    return State.FAULT if errors else State.IDLE


def _errors(summary: Section, listed: Section | None) -> tuple[str, ...]:
    """Codes of SUMMARY (``Error Code 0``) and of ``get_error_code``, which comes in four shapes."""
    found: list[str | None] = []
    while len(found) < _ERRORS and (key := f"Error Code {len(found)}") in summary:
        found.append(text(str(summary[key])))
    if listed is not None:
        found += _listed(_message(listed).get("error_code"))
    return tuple(dict.fromkeys(code for code in found[:_ERRORS] if code)) if found else ()


def _listed(codes: Any) -> list[str | None]:
    """``[{"329": when}]``, ``{"329": when}``, ``["329", when, …]`` or ``[329]``."""
    if isinstance(codes, dict):
        return [text(code) for code in codes if code.isdigit()]
    if not isinstance(codes, list):
        return []
    found: list[str | None] = []
    for entry in codes[:_ERRORS]:
        if isinstance(entry, dict):
            found += _listed(entry)
        elif str(entry).isdigit():
            found.append(text(str(entry)))
    return found


def _firmware(summary: Section, replies: Replies, known: Fingerprint) -> str | None:
    if type(said := summary.get("Firmware Version")) is str and (found := (text(said) or "").strip("' ")):
        return found
    status = _message(replies.get("status"))
    others = (
        _message(replies.get("get_version")).get("fw_ver"),
        known.firmware,
        status.get("Firmware Version"),
        status.get("FirmwareVersion"),
    )
    return next((found for value in others if (found := (text(value) or "").strip("' "))), None)


def _model(replies: Replies) -> str | None:
    return text(first(replies.get("devdetails"), "DEVDETAILS").get("Model"))


def _message(reply: Section | None) -> dict[str, Any]:
    found = reply.get("Msg") if reply is not None else None
    return found if isinstance(found, dict) else {}


def _also(replies: Replies) -> tuple[str, ...]:
    """Firmware since 2021 lists errors in a command of their own."""
    summary = first(replies.get("summary"), "SUMMARY")
    return ("get_error_code",) if summary and "Error Code Count" not in summary else ()


def _facts(replies: Replies) -> tuple[str, ...]:
    summary = first(replies.get("summary"), "SUMMARY")
    return ("devdetails",) if summary.get("Firmware Version") else ("devdetails", "get_version")


def _more(replies: Replies, reading: Reading, known: Fingerprint, target: Target) -> tuple[str, ...]:
    """Why it does not hash is asked only while it does not."""
    if reading.hash_rate_hs or "status" in replies:
        return ()
    way = Way.COMMAND if any(planned.startswith(Way.COMMAND) for planned in known.plan) else Way.CMD
    return (word(way, "status"),)


def says_whatsminer(summary: Section) -> bool:
    """Whether a SUMMARY is a Whatsminer's: others do not have their fans in it."""
    return number(summary.get("Fan Speed In")) is not None or "Factory GHS" in summary


def says_whether_it_works(status: Section | None) -> bool:
    """Whether an answer to ``status`` is a Whatsminer's."""
    return not _OFF.isdisjoint(_message(status))


def _fits(replies: Replies) -> bool:
    if "summary" in replies:
        return says_whatsminer(first(replies["summary"], "SUMMARY"))
    return says_whether_it_works(replies.get("status"))


DIALECT = Dialect(
    name="whatsminer",
    maker=Maker.WHATSMINER,
    # Firmware since 2020-09 wants "cmd", older one answers "Missing JSON 'command'" to it.
    ways=(Way.CMD, Way.COMMAND),
    wanted=(("summary",), ("edevs", "devs"), ("pools",)),
    read=read,
    fits=_fits,
    spare=("status",),
    also=_also,
    facts=_facts,
    more=_more,
)
