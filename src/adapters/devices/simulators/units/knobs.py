"""What can be made wrong with a simulated unit while it runs, and how long things take."""

from dataclasses import dataclass, fields, replace
from typing import Any

#: What a boot puts right; the rest stays as it is set.
CURED = ("hung", "closed", "asterisk_down", "console_mute")
#: What the manager's user may do, by default all.
RIGHTS = ("system", "reporting", "command", "call")


@dataclass(frozen=True, slots=True)
class UnitKnobs:
    """The knobs of one unit; all at rest by default."""

    #: Accepts connections and never says a word, as a frozen host does; a boot puts that right.
    hung: bool = False
    #: Closes connections before its greeting, as with too many logins; a boot puts that right.
    closed: bool = False
    #: Nothing listens: connections are refused.
    refuse: bool = False
    #: Connections are never made, as with a cable that is out.
    dark: bool = False
    #: The host lives, its Asterisk does not; a restart of it or a boot puts that right.
    asterisk_down: bool = False
    #: Asterisk's console takes commands and never answers; a restart of it or a boot puts that right.
    console_mute: bool = False
    #: Boots and restarts put nothing right.
    stubborn: bool = False
    #: Its Asterisk cannot be restarted from the shell.
    no_restart: bool = False
    #: The password was changed, and no key is let in: nobody gets in as before.
    denied: bool = False
    #: It shows another host key than before.
    other_key: bool = False
    #: The user's path has no asterisk command.
    no_command: bool = False
    #: The user may not use Asterisk's control socket.
    no_socket: bool = False
    #: Commands are killed before they say anything.
    killed: bool = False
    #: It has PJSIP only, and an Asterisk so new that it knows no other.
    pjsip: bool = False
    #: Tables end in the middle, always or so many times.
    cut: bool | int = False
    #: Some peers have names and descriptions that are not ASCII, one of them cut inside a letter.
    foreign: bool = False
    #: What commands print is noise.
    garbled: bool = False
    #: Milliseconds before each answer.
    slow_ms: float = 0.0
    #: How full the disk is; ``None``: what it is.
    disk_percent: int | None = None
    #: Calls in progress; ``None``: they come and go.
    calls: int | None = None
    #: The parts of the registered peers that answer late, and no more.
    lagged: float = 0.0
    unreachable: float = 0.0
    #: What the manager's user may do.
    rights: tuple[str, ...] = RIGHTS

    def turned(self, **changes: Any) -> "UnitKnobs":
        """Return the knobs with some of them turned; a knob that is not there is a ``TypeError``."""
        unknown = set(changes) - {item.name for item in fields(self)}
        if unknown:
            raise TypeError(f"there is no knob {', '.join(sorted(unknown))}")
        return replace(self, **changes)

    def cured(self) -> "UnitKnobs":
        """Return them as a boot leaves them."""
        return self if self.stubborn else self.turned(**dict.fromkeys(CURED, False))


#: Knobs of on and off that a share of the units can have.
FAULTS = tuple(item.name for item in fields(UnitKnobs) if item.default is False)


@dataclass(frozen=True, slots=True)
class UnitTimes:
    """How long things take, in seconds."""

    #: From power to a running Asterisk …
    boot_s: float = 60.0
    #: … of which the network and SSH are up after this part.
    host_part: float = 0.7
    #: From then on the last peer has registered after.
    register_s: float = 30.0
    #: A restart of Asterisk alone.
    restart_s: float = 4.0

    def scaled(self, factor: float) -> "UnitTimes":
        """Return the times made shorter or longer."""
        return replace(
            self,
            boot_s=self.boot_s * factor,
            register_s=self.register_s * factor,
            restart_s=self.restart_s * factor,
        )
