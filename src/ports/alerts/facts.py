"""What other contexts say of their subjects, and the socket through which they say it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


#: A subject among all: its system and its number there.
Key = tuple[str, int]


@attrs.frozen
class Subject:
    """What an alert can be about: a miner, a container, a part of lineman itself."""

    #: Whose subjects they are, such as ``miners`` or ``containers``.
    system: str
    id: int
    name: str
    #: Its place, by which clients are confined and rules and windows choose.
    container_id: int | None = None
    tags: tuple[str, ...] = ()
    #: Whose it is, by which enterprise admins are confined.
    enterprise_number: str | None = None

    @property
    def key(self) -> Key:
        return self.system, self.id


@attrs.frozen
class Facts:
    """What is known of one subject at one moment."""

    subject: Subject
    at: datetime
    #: Figures by metric.  A metric that is not in it is not known, and changes nothing; ``None`` says that
    #: it does not apply now (the rate of a miner that sleeps on purpose), which ends what it caused.
    values: Mapping[str, float | None]
    #: What to say beside a figure, by metric: ``fan 2 stands still``.
    words: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Kind:
    """A kind of rule: what it looks at, and with what it starts.  Each context has a table of them."""

    kind: str
    system: str
    title: str
    #: Which figure of the facts.
    metric: str
    doc: str
    severity: Severity
    #: ``%``, ``°C``, ``rpm`` …; empty for a count or a yes.
    unit: str = ""
    #: Whether more than the threshold is bad, or less.
    above: bool = True
    #: The usual threshold; ``None`` = there is no usual one, so that a rule has to name it.
    threshold: float | None = None
    #: Whether rules may choose the threshold; if not, it is always the usual one.
    chosen: bool = True
    #: How long it must be so before the alert fires.
    minutes: float = 0.0
    #: The part of the threshold by which a figure must come back before the alert recovers.
    margin: float = 0.0
    #: Once said, it stands until the contrary is said: time alone makes it fire.
    stands: bool = False
    #: It is bad to hear nothing at all of the subject for ``minutes``; ``metric`` is not looked at.
    silence: bool = False
    #: It happens at a moment: fires at once, and recovers when it has not happened for ``minutes``.
    momentary: bool = False
    #: Whether a rule of this kind is there from the first start.
    usual: bool = True
    #: Whether its subjects are the things of enterprises, which stand in no container.
    of_enterprises: bool = False


class AlertSink(Protocol):
    """Where other contexts report.  What is reported where nobody judges (another process works) is passed over."""

    async def report(self, facts: Sequence[Facts]) -> None:
        """Judge a batch by all rules, and store what follows from it.

        Raises:
            Unavailable: It cannot be stored now.  The batch counts as never said; the next one is judged as usual.
        """

    async def present(self, system: str, ids: Collection[int]) -> None:
        """These are all the subjects of a system; alerts of others end.  Raises ``Unavailable``."""
