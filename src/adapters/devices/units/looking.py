"""One look around: which commands are run, and what is made of their answers."""

import asyncio
from collections.abc import Awaitable, Callable

import attrs

from ....ports.units import Cause, Checked, LinePatterns, LineStats, Peer
from .channels import read_channels
from .df import read_df
from .lines import peers_of, peers_of_contacts, peers_of_endpoints, stats_of
from .pjsip import read_contacts, read_endpoints
from .printout import Found, Printed, quoted
from .sip_peers import read_sip_peers
from .uptime import read_uptime
from .verdict import LookEnded, Verdict, judge
from .version import read_version

SIP_PEERS = 'asterisk -rx "sip show peers"'
ENDPOINTS = 'asterisk -rx "pjsip show endpoints"'
CONTACTS = 'asterisk -rx "pjsip show contacts"'
CHANNELS = 'asterisk -rx "core show channels concise"'
UPTIME_SECONDS = 'asterisk -rx "core show uptime seconds"'
UPTIME = 'asterisk -rx "core show uptime"'
VERSION = 'asterisk -rx "core show version"'
DISK = "df -P /"

#: The part of the time that is kept to ask the host whether it lives when its Asterisk does not answer.
_RESERVE = 0.25
#: The part of the time left that a question may take whose answer is not needed.
_PATIENCE = 0.5

#: Runs one command.
Run = Callable[[str], Awaitable[Printed]]


@attrs.define
class Look:
    """What one look has seen so far."""

    patterns: LinePatterns
    #: Asterisk itself has said something: whatever breaks from then on, the unit is online.
    alive: bool = False
    verdict: Verdict = attrs.field(factory=lambda: Verdict.of(Cause.TIMED_OUT))
    #: What is worth telling of a unit that is online.
    remark: str = ""
    lines: LineStats | None = None
    peers: tuple[Peer, ...] = ()
    disk_percent: int | None = None
    uptime_s: int | None = None
    calls: int | None = None
    version: str | None = None

    def end(self, verdict: Verdict) -> None:
        """It ended so; what was seen before counts for more."""
        if not self.alive:
            self.verdict = verdict

    def count(self, peers: tuple[Peer, ...]) -> None:
        """These are its lines."""
        self.peers, self.lines = peers, stats_of(peers)

    def checked(self, *, host_key: str | None, took_ms: int) -> Checked:
        """All of it."""
        verdict = Verdict(Cause.OK, self.remark) if self.alive else self.verdict
        return Checked(
            outcome=verdict.outcome, cause=verdict.cause, detail=verdict.detail, lines=self.lines, peers=self.peers,
            disk_percent=self.disk_percent, uptime_s=self.uptime_s, calls=self.calls, version=self.version,
            host_key=host_key, took_ms=took_ms,
        )  # fmt: skip


async def look_around(run: Run, look: Look, *, until: float) -> None:
    """Ask for lines first, then for what is nice to know; ``until`` is in the loop's time.

    Raises:
        LookEnded: The connection ended.
    """
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout_at(until - (until - clock()) * _RESERVE):
            look.end(await _lines(run, look))
    except TimeoutError:
        if not look.alive:
            # Logged in to, but Asterisk's console is mute.  A host that answers needs its service restarted only.
            await _disk(run, look)
            look.end(Verdict.of(Cause.ASTERISK_DOWN, "its console takes commands and does not answer"))
            return
    for ask in (_disk, _calls, _uptime, _version) if look.alive else (_disk,):
        try:
            async with asyncio.timeout(max(until - clock(), 0.0) * _PATIENCE):
                await ask(run, look)
        except TimeoutError:
            continue
        except LookEnded:
            # What was seen before stands.
            return


async def _lines(run: Run, look: Look) -> Verdict:
    """The lines, and whether Asterisk lives."""
    printed = await run(SIP_PEERS)
    verdict, table = judge(printed), read_sip_peers(printed.stdout, printed.stderr)
    if verdict.cause is Cause.OK and table.found in (Found.INCOMPLETE, Found.EMPTY) and not printed.cut:
        printed = await run(SIP_PEERS)
        verdict, table = judge(printed), read_sip_peers(printed.stdout, printed.stderr)
    if verdict.cause is not Cause.OK:
        return verdict
    look.alive = table.found not in (Found.EMPTY, Found.UNRECOGNISED)
    if not look.alive:
        await _uptime(run, look)
        look.alive = look.uptime_s is not None
    if not look.alive:
        return Verdict.of(Cause.GARBLED, quoted(printed.stdout))
    if table.found.whole:
        look.count(peers_of(table.peers, look.patterns))
        if table.rows_missing:
            look.remark = f"{table.rows_missing} of its peers are not in the table: Asterisk drops foreign names"
    if table.found is Found.NO_SUCH_COMMAND or (table.found is Found.OK and not table.peers):
        await _pjsip(run, look)
    elif not table.found.whole:
        look.remark = "its table of peers came incomplete, and once more"
    return verdict


async def _pjsip(run: Run, look: Look) -> None:
    """Lines of PJSIP: endpoints tell also of those that nobody registered, contacts are the older word."""
    printed = await run(ENDPOINTS)
    endpoints = read_endpoints(printed.stdout, printed.stderr)
    if endpoints.found is Found.INCOMPLETE and not printed.cut:
        printed = await run(ENDPOINTS)
        endpoints = read_endpoints(printed.stdout, printed.stderr)
    if endpoints.found.whole:
        look.count(peers_of_endpoints(endpoints.endpoints, look.patterns))
        return
    printed = await run(CONTACTS)
    contacts = read_contacts(printed.stdout, printed.stderr)
    if contacts.found.whole:
        look.count(peers_of_contacts(contacts.contacts, look.patterns))
    elif look.lines is None:
        missing = contacts.found is Found.NO_SUCH_COMMAND
        look.remark = "it has neither chan_sip nor PJSIP" if missing else "its table of contacts came incomplete"


async def _disk(run: Run, look: Look) -> None:
    look.disk_percent = read_df((await run(DISK)).stdout).percent


async def _calls(run: Run, look: Look) -> None:
    printed = await run(CHANNELS)
    channels = read_channels(printed.stdout, printed.stderr)
    if judge(printed).cause is Cause.OK and channels.found is Found.OK:
        look.calls = channels.calls


async def _uptime(run: Run, look: Look) -> None:
    if look.uptime_s is None:
        look.uptime_s = read_uptime((await run(UPTIME_SECONDS)).stdout).uptime_s
    if look.uptime_s is None:
        look.uptime_s = read_uptime((await run(UPTIME)).stdout).uptime_s


async def _version(run: Run, look: Look) -> None:
    look.version = read_version((await run(VERSION)).stdout)
