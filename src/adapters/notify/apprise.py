"""Alert channels by apprise: e-mail, Telegram, Slack and a hundred others, each by its URL.

Apprise blocks, so it runs in worker threads, a bounded number of them.  Its
URLs are secrets; it is kept from logging, and whatever it says of a failure
passes ``masked`` before anybody sees it.
"""

import functools
import logging
import re
import threading
import warnings
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import anyio

from ...ports.alerts import BadChannel, Message, NotDelivered, Notifier, Severity
from ...ports.secrets import Secret

#: Messages under way at once, those included that nobody waits for any more.
AT_ONCE = 8
#: Parts of a URL that are too short to be secrets, and would blot out half of a sentence.
SHORTEST_SECRET = 4
LONGEST_ERROR = 300

#: Plug-ins are registered in one place for the whole process.
_LOADING = threading.Lock()
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")


class AppriseNotifier(Notifier):
    """Sends by apprise, which is imported when it is first needed."""

    def __init__(self) -> None:
        self._slots = threading.Semaphore(AT_ONCE)

    def check(self, url: Secret) -> str:
        """The scheme.  Blocks: the first call imports apprise and its plug-ins."""
        plain = url.reveal()
        match = _SCHEME.match(plain)
        if match is None:
            raise BadChannel("is no URL such as tgram://TOKEN/CHAT or mailto://USER:PASSWORD@example.com")
        scheme = match[1].lower()
        if scheme not in _apprise().NotificationManager():
            raise BadChannel(f"apprise knows no {scheme[:50]!r}; its documentation lists what it knows")
        if _plugin(plain) is None:
            raise BadChannel(f"lacks something that {scheme} needs, or has something that it does not know")
        return scheme

    async def send(self, url: Secret, message: Message, *, deadline: float) -> None:
        error: str | None = None
        try:
            with anyio.fail_after(deadline):
                error = await anyio.to_thread.run_sync(
                    self._blocking, url, message, deadline, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
                )
        except TimeoutError as late:
            raise NotDelivered(f"it did not take the message within {deadline:.0f} s") from late
        if error is not None:
            raise NotDelivered(error)

    def _blocking(self, url: Secret, message: Message, deadline: float) -> str | None:
        """Send in this thread; why it did not arrive, if it did not."""
        if not self._slots.acquire(blocking=False):
            return f"{AT_ONCE} messages are still on their way"
        try:
            return _sent(url.reveal(), message, deadline)
        finally:
            self._slots.release()


def _sent(url: str, message: Message, deadline: float) -> str | None:
    apprise = _apprise()
    plugin = _plugin(url)
    if plugin is None:
        return "its URL is not understood any more"
    said: list[str] = []
    house = apprise.Apprise(asset=_asset())
    house.add(plugin)
    result = house.notify(
        body=message.body or message.title,
        title=message.title,
        notify_type=_type(message),
        body_format=apprise.NotifyFormat.TEXT,
        timeout=deadline,
        log_callback=lambda entry, _service: said.append(str(entry.message)),
        log_level=logging.WARNING,
    )
    if result:
        return None
    return masked(said[-1] if said else "it did not take the message, and says no reason", url, _host(plugin))


def masked(text: str, url: str, host: str | None = None) -> str:
    """What a channel says of a failure, without any part of its URL but the scheme and a host that is no secret."""
    scheme = url.partition("://")[0]
    parts = {part for source in (url, unquote(url)) for part in re.split(r"[^\w.-]+", source)}
    for part in sorted(parts - {scheme, host or ""}, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET:
            text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    shown = "".join(char if char.isprintable() else " " for char in text).strip()
    return shown[:LONGEST_ERROR]


def _host(plugin: Any) -> str | None:
    """The host of the URL, if in this scheme the host is one: in others, a token stands in its place."""
    token = (getattr(plugin, "template_tokens", None) or {}).get("host")
    return plugin.host if token is not None and not token.get("private") else None


def _plugin(url: str) -> Any:
    return _apprise().Apprise.instantiate(url, asset=_asset())


def _asset() -> Any:
    """A service of ours: no files of its own, one message after the other."""
    return _apprise().AppriseAsset(
        app_id="lineman", app_desc="lineman alerts", app_url="", theme="", async_mode=False, storage_mode="memory"
    )


def _type(message: Message) -> Any:
    kinds = _apprise().NotifyType
    if message.good:
        return kinds.SUCCESS
    of_severity = {
        Severity.INFO: kinds.INFO,
        Severity.WARNING: kinds.WARNING,
        Severity.CRITICAL: kinds.FAILURE,
    }
    return of_severity[message.severity]


@functools.cache
def _loaded() -> ModuleType:
    """Apprise with its plug-ins, kept from our log: at some levels it writes whole URLs."""
    with warnings.catch_warnings():
        # It asks for modules that Python is about to drop, and does without them.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        module: Any = apprise
        module.NotificationManager().load_modules()
    for name in ("apprise", "urllib3"):
        log = logging.getLogger(name)
        log.addHandler(logging.NullHandler())
        log.propagate = False
        # Whatever level the others have: a warning is how it says what went wrong.
        log.setLevel(logging.WARNING)
    return apprise


def _apprise() -> ModuleType:
    with _LOADING:
        return _loaded()
