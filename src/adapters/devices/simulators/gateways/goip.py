"""One simulated GoIP gateway: its plate, its lines, its pages, its orders."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import status_xml, wire
from .calling import Calling, modes_of, voip
from .knobs import HUGE, Knobs, pieces, spoilt
from .life import Condition, Line, chance, condition_of, scramble
from .look import look, title_of, truth
from .plates import Plate
from .status_pages import PAGES
from .tools_pages import SHORT, settings, tools, wait
from .wire import Reply, Request
from .world import World

if TYPE_CHECKING:
    from .door import Inside

_LANGUAGES = ("en_US", "zh_CN", "zh_TW")
_DAY_S = 86_400


class SimulatedGoip:
    """One gateway; what it needs of the wire is told by those who listen for it."""

    def __init__(
        self,
        world: World,
        plate: Plate,
        name: str,
        *,
        seed: int = 1,
        knobs: Knobs | None = None,
        login: tuple[str, str] = ("admin", "goip"),
        sip_stem: str = "sip-secret",
        address: str = "203.0.113.1",
    ) -> None:
        """Put a gateway up.

        Args:
            world: Whose time it lives in.
            plate: What it is.
            name: By which it dials in (RADMIN_ID); empty: its serial number.
            seed: Which of all gateways of the kind.
            knobs: What is wrong with it.
            login: Of its pages.
            sip_stem: The stem of the SIP passwords on its pages.
            address: From which it dials in.
        """
        self.world = world
        self.plate = plate
        self.seed = scramble(seed)
        digits = 10_000_000 + self.seed % 90_000_000
        self.serial = f"{plate.serial}{digits}"
        self.name = name or self.serial
        self.address = address
        self.login = login
        self.knobs = knobs or Knobs()
        found = [condition_of(self.seed, n) for n in range(1, plate.lines + 1)]
        self.lines = [
            Line(
                self.seed,
                n,
                Condition.HEALTHY if world.calm else condition,
                module_on=on or world.calm,
                calm=world.calm,
            )
            for n, (condition, on) in enumerate(found, 1)
        ]
        #: Whether its lines are registered by VoIP at all; one that is not has no account for it either.
        self.uses_voip = chance(self.seed, 2) < 0.85
        modes = modes_of(plate)
        self.calling = Calling(
            modes[self.seed // 7 % len(modes)],
            f"goip{digits % 10_000:04d}",
            sip_stem,
            h323=not self.uses_voip or chance(self.seed, 1) < 0.05,
        )
        #: Whether it answers, and whether it went with a word.
        self.online, self.went_cleanly = True, True
        self.booted_at = -3600.0 - int(30 * _DAY_S * chance(self.seed, 3))
        self.watchers: list[Callable[[], None]] = []
        #: Requests by their words: ``GET /default/en_US/status.xml?type=list``.
        self.hits: Counter[str] = Counter()
        self.connections = 0
        #: Clients that are with it.
        self.inside: list[Inside] = []
        #: Clients that came while another one was inside, which no good reader does.
        self.overlaps = 0
        #: Orders that were obeyed: ``reboot``, ``module 3 off`` …
        self.orders: list[str] = []
        #: Orders that nobody should ever give: a reset to factory settings, a change of settings.
        self.harm: list[str] = []
        self._coming: asyncio.TimerHandle | None = None

    def turn(self, **knobs: Any) -> None:
        """Turn knobs: ``turn(mute=True)``; ``huge=True`` is ten megabytes.

        Raises:
            TypeError: There is no such knob.
        """
        if knobs.get("huge") is True:
            knobs["huge"] = HUGE
        self.knobs = self.knobs.turned(**knobs)
        self._tell()

    def truth(self) -> dict[str, Any]:
        """Return what a reader should see now."""
        return truth(self)

    def module(self, line: int, on: bool) -> None:
        """Switch a module; on, it looks for its network for a while."""
        found = self.lines[line - 1]
        if on and not found.module_on:
            found.off_till = self.world.now() + self.world.times.module_s
        found.module_on = on
        self.orders.append(f"module {line} {'on' if on else 'off'}")

    def reboot(self) -> None:
        """Go, and come back after a while; the lines come later still."""
        self.orders.append("reboot")
        if not self.knobs.stubborn:
            self.go(cleanly=True)
            self._coming = asyncio.get_running_loop().call_later(self.world.times.web_down_s, self.come)

    def go(self, *, cleanly: bool) -> None:
        """Be away: with a word (``cleanly``), or as without power."""
        self._rest()
        self.online, self.went_cleanly = False, cleanly
        self.booted_at = self.world.now()
        self._tell()

    def come(self) -> None:
        """Be there again, freshly booted."""
        self._rest()
        self.online = True
        now, longest = self.world.now(), self.world.times.lines_down_s
        for line in self.lines:
            line.off_till = now + longest * (0.6 + 0.4 * line.part(50))
        self._tell()

    def close(self) -> None:
        """Forget what was to come."""
        self._rest()
        self.watchers.clear()

    def answer(self, request: Request | None) -> Reply:
        """Answer one request."""
        if request is None:
            return Reply()
        self.hits[request.label] += 1
        if self.knobs.mute:
            return Reply(silent=True)
        knobs = self.knobs
        head, page, then = self._said(request)
        jitter = knobs.jitter_ms * self.world.chance.random() if knobs.jitter_ms else 0.0
        whole = head.startswith(b"HTTP/1.0 200")
        return Reply(
            pieces(knobs, head, spoilt(knobs, page)) if whole else iter((head + page,)),
            delay_s=(knobs.latency_ms + jitter) / 1000,
            pause_s=knobs.slow_ms / 10_000,
            then=then,
        )

    def _said(self, request: Request) -> tuple[bytes, bytes, Callable[[], None] | None]:
        """Return head, page and what follows."""
        refused = wire.unknown_method(request.method)
        if refused is not None:
            return refused, b"", None
        charsets = ("latin-1", "utf-8") if self.plate.charset == "gb2312" else ("utf-8",)
        if self.knobs.denied or not wire.let_in(request, self.login, charsets):
            return wire.please_authenticate("GoIP"), b"", None
        parts = request.path.strip("/").split("/")
        home = f"/{self.plate.tree}/en_US/status.html"
        if parts == [""] or (len(parts) <= 2 and parts[0] in ("default", self.plate.tree)):
            return wire.see_other(home), b"", None
        if len(parts) != 3 or parts[0] not in ("default", self.plate.tree) or parts[1] not in _LANGUAGES:
            return wire.not_found(), b"", None
        if parts[2] == "reboot.html" and request.method == "POST":
            how = self.knobs.reboot or self.plate.reboot
            if how == "cut":
                return b"", b"", self.reboot
            return wire.head("200 OK"), SHORT if how == "short" else wait(self.plate, title_of(self)), self.reboot
        page = self._page(parts[2], request)
        return (wire.not_found(), b"", None) if page is None else (wire.head("200 OK"), page, None)

    def _page(self, name: str, request: Request) -> bytes | None:
        kind = request.form.get("type") or request.query.get("type", "")
        if name == "status.xml":
            codec = "utf-8" if self.knobs.mixed_up else "gb18030"
            return status_xml.document(kind or "list", self.plate, look(self), codec)
        if name == "status.html":
            self._ordered(request.query)
            return PAGES.get(kind, PAGES["list"])(self.plate, look(self))
        if name in ("reset_config.html", "config.html", "tools.html") and request.method == "POST":
            self.harm.append(request.label)
        if name == "config.html":
            if kind == "calling":
                return voip(self.plate, title_of(self), self.calling)
            return settings(self.plate, title_of(self), kind)
        return tools(self.plate, title_of(self)) if name == "tools.html" else None

    def _ordered(self, query: dict[str, str]) -> None:
        """Do what a status page is asked for beside showing itself."""
        number = query.get("line", "")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= len(self.lines):
            return
        if query.get("down") in ("0", "1"):
            self.module(int(number), query["down"] == "0")
        if query.get("sim_exp_reset") == "1":
            self.lines[int(number) - 1].reset_minutes()
            self.orders.append(f"minutes {number}")

    def _rest(self) -> None:
        if self._coming:
            self._coming.cancel()
            self._coming = None

    def _tell(self) -> None:
        for watcher in [*self.watchers]:
            watcher()
