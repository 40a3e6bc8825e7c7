"""A gateway at one moment, as its pages tell it: texts, not values."""

from dataclasses import dataclass, field

RED, ORANGE = "#FF0000", "#FF8000"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with its colour."""

    text: str = ""
    colour: str = ""

    def html(self) -> str:
        """Return it as it stands in a page; nothing is escaped, as on the unit."""
        return f'<font color="{self.colour}">{self.text}</font>' if self.colour else self.text

    def xml(self) -> str:
        """Return it as it stands in XML, where only the opening bracket is escaped."""
        return self.html().replace("<", "&lt;")


def yes_no(value: bool | None) -> Cell:
    """Return Y, a red N, or nothing."""
    if value is None:
        return Cell()
    return Cell("Y") if value else Cell("N", RED)


def strength(text: str) -> Cell:
    """Return a signal in the colour that the unit gives it."""
    if not text.isdigit() or 15 <= int(text) <= 31:
        return Cell(text)
    return Cell(text, ORANGE if 10 <= int(text) < 15 else RED)


@dataclass(frozen=True, slots=True)
class LineSeen:
    """One line.  All but the module's cells are empty when its module is off."""

    number: int
    module: bool
    sim: bool | None = None
    gsm: bool | None = None
    voip: bool | None = None
    state: str = ""
    sms_server: str = ""
    sim_bank: str = ""
    signal: str = ""
    operator: str = ""
    cell: str = ""
    idle_min: str = ""
    acd: str = ""
    asr: str = ""
    talked: str = ""
    calls: str = ""
    since: str = ""
    remain: str = ""
    #: Unconditional, busy, no reply, not reachable.
    forward: tuple[str, str, str, str] = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """A whole gateway."""

    title: str
    model: str
    serial: str
    firmware: str
    module_version: str
    #: Digits, or nothing.
    uptime: str
    time: str
    lan: str
    mac: str
    last_ip: str
    lines: tuple[LineSeen, ...] = field(default=())
