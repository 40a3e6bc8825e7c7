"""The account at the cloud: its tokens, and calls that renew them once when they are not taken.

Each refresh replaces both tokens, and the old ones are dead from then on.  So
there is one refresh at a time in the whole installation, and a new pair is
stored before anybody uses it.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ....ports.clock import Clock
from ....ports.errors import LinemanError, Stale, Unreachable
from ....ports.power import CloudFault, NotAuthorised, ReauthoriseNeeded
from ....ports.power.cloud import Application, CloudTokenStore, Tokens
from ....ports.secrets import Secret
from .budget import VITAL_PATIENCE, Budget
from .calls import Calls
from .errors import Call, TokenRejected
from .regions import checked_base
from .signing import authorise_url, nonce
from .wire import Wire

#: How long tokens live, where the cloud does not say.
ACCESS_LIFE, REFRESH_LIFE = timedelta(days=30), timedelta(days=60)
#: Seconds that an exchange or a refresh may take, whoever waits for it.
_RENEWAL = 20.0
#: Goes at storing a new pair, and the seconds between them.
_STORE_TRIES, _STORE_PAUSE = 3, 0.5
_TOKEN = re.compile(r"[!-~]{1,4096}")


class EwelinkAccount:
    """What the plugs' switch and the people's cloud share.  One object a process."""

    def __init__(
        self, store: CloudTokenStore, clock: Clock, application: Application | None, *,
        api: str | None = None, quota: int = 50_000, reserve: int = 500, reply_limit: int = 2 << 20,
        transport: httpx.AsyncBaseTransport | None = None, fresh: Callable[[], str] = nonce,
    ) -> None:  # fmt: skip
        """Opens nothing yet.

        Args:
            application: ``None`` = none is set; all that needs one says so.
            api: An address in place of the cloud's, such as a simulator's.
            quota: Calls a month, of which ``reserve`` are kept for switching ON.
            reply_limit: The most bytes that an answer may have.
            transport: In place of the network.

        Raises:
            ValueError: ``api`` is no address.
        """
        self._store = store
        self._clock = clock
        self._fresh = fresh
        self._instead = checked_base(api) if api else None
        self.budget = Budget(store, clock, quota=quota, reserve=reserve)
        self._calls = Calls(
            wire=Wire(reply_limit, transport),
            budget=self.budget,
            application=application,
            instead=self._instead,
            fresh=fresh,
        )
        self._last: Tokens | None = None
        #: The pair whose refresh token the cloud does not know: asking again would be a loop.
        self._dead: int | None = None
        #: A new pair that could not be stored yet, and the revision that it replaces.
        self._unstored: tuple[Tokens, int | None] | None = None
        self._renewing: asyncio.Task[Tokens] | None = None

    def authorise_url(self, state: str, at: datetime) -> str:
        """Raises ``CloudMisconfigured``."""
        return authorise_url(
            self._calls.known_application(), state, round(at.timestamp() * 1000), self._fresh(), base=self._instead
        )

    async def tokens(self) -> Tokens | None:
        """The pair as it is stored."""
        return await self._store.get()

    async def ask(
        self, call: Call, method: str, path: str, *,
        query: Iterable[tuple[str, str]] = (), body: Mapping[str, object] | None = None,
        vital: bool = False, until: float,
    ) -> Mapping[str, Any]:  # fmt: skip
        """A call with the token; if that is not taken, one refresh and one repeat.

        Raises:
            ReauthoriseNeeded, CloudMisconfigured, QuotaUsedUp, CloudFault, UnknownPlug, PlugOffline, SwitchFailed,
            AnswerLost, Unreachable
        """
        tokens = await self._current(vital)
        asked = list(query)
        try:
            return await self._calls.borne(call, tokens, method, path, query=asked, body=body, vital=vital, until=until)
        except TokenRejected:
            tokens = await self._renewed(tokens, until)
        try:
            return await self._calls.borne(call, tokens, method, path, query=asked, body=body, vital=vital, until=until)
        except TokenRejected as error:
            raise ReauthoriseNeeded(
                f"the cloud does not take new tokens either: authorise the account again ({error.detail})"
            ) from error

    async def renew(self) -> Tokens:
        """Replace the pair now.  Raises as ``ask``."""
        tokens = await self._current(vital=True)
        return await self._renewed(tokens, asyncio.get_running_loop().time() + 2 * _RENEWAL)

    async def exchange(self, code: str, region: str) -> Tokens:
        """Make a pair of a code and store it.  Raises as ``Cloud.exchange``."""
        secret = Secret(code)
        application = self._calls.known_application()
        data = await self._calls.signed(
            Call.EXCHANGE,
            region,
            "/v2/user/oauth/token",
            {"redirectUrl": application.redirect_url, "code": code, "grantType": "authorization_code"},
            secret,
            until=asyncio.get_running_loop().time() + _RENEWAL,
        )
        now = self._clock.now()
        new = _pair(data, ("accessToken", "refreshToken"), region, now, granted_at=now)
        # The code is used up: this has to be kept, whoever waits for it.
        return await asyncio.shield(_kept(self._replaced(new)))

    async def _current(self, vital: bool) -> Tokens:
        if self._unstored is not None:
            return await self._at_last(*self._unstored, vital=vital)
        hurried = vital and self._last is not None
        try:
            async with asyncio.timeout(VITAL_PATIENCE if hurried else None):
                found = await self._store.get()
        except (LinemanError, TimeoutError):
            # Power that has to come back does not wait for a database.
            if not vital or self._last is None:
                raise
            return self._last
        if found is None:
            raise NotAuthorised("the cloud account is not authorised: open the authorisation address")
        self._last = found
        return found

    async def _at_last(self, new: Tokens, replaced: int | None, *, vital: bool) -> Tokens:
        """Store what could not be stored before; only power that has to come back does not wait for that."""
        try:
            async with asyncio.timeout(VITAL_PATIENCE if vital else None):
                return await self._put(new, replaced)
        except Stale:
            self._unstored = None
            return await self._current(vital)
        except (LinemanError, TimeoutError):
            if not vital:
                raise
            return new

    async def _renewed(self, used: Tokens, until: float) -> Tokens:
        """Another pair than the one that was used: by a refresh, or because another process had one."""
        if self._renewing is None or self._renewing.done():
            self._renewing = _kept(self._refresh(used))
        try:
            async with asyncio.timeout_at(until):
                # It goes on if nobody waits any more: its answer is the only copy of the new pair.
                return await asyncio.shield(self._renewing)
        except TimeoutError as error:
            raise Unreachable("the cloud did not give new tokens in time") from error

    async def _refresh(self, used: Tokens) -> Tokens:
        async with self._store.alone():
            current = await self._store.get()
            if current is None:
                raise NotAuthorised("the cloud account is not authorised: open the authorisation address")
            if current.revision != used.revision:
                return current
            if current.revision == self._dead:
                raise ReauthoriseNeeded("the refresh token is used up or unknown: authorise the cloud account again")
            try:
                data = await self._calls.signed(
                    Call.REFRESH,
                    current.region,
                    "/v2/user/refresh",
                    {"rt": current.refresh.reveal()},
                    current.refresh,
                    until=asyncio.get_running_loop().time() + _RENEWAL,
                )
            except ReauthoriseNeeded:
                self._dead = current.revision
                raise
            new = _pair(data, ("at", "rt"), current.region, self._clock.now(), granted_at=current.granted_at)
            try:
                return await self._stored(new, current.revision)
            except Stale:
                # Somebody authorised the account anew meanwhile: that pair counts.
                return await self._store.get() or new

    async def _replaced(self, new: Tokens) -> Tokens:
        """Put a pair of a new yes in the place of any other; a refresh that is under way finds that it is late."""
        self._unstored = (new, None if self._last is None else self._last.revision)
        for _ in range(_STORE_TRIES):
            try:
                current = await self._store.get()
                return await self._stored(new, None if current is None else current.revision)
            except Stale:
                continue
        raise Stale("the tokens of the cloud account are being replaced by others: authorise it once more")

    async def _stored(self, new: Tokens, replaced: int | None) -> Tokens:
        """Store a new pair before anybody uses it; what cannot be stored is kept here and tried again."""
        self._unstored = (new, replaced)
        for _ in range(_STORE_TRIES - 1):
            try:
                return await self._put(new, replaced)
            except Stale:
                break
            except LinemanError:
                await self._clock.sleep(_STORE_PAUSE)
        try:
            return await self._put(new, replaced)
        except Stale:
            self._unstored = None
            raise

    async def _put(self, new: Tokens, replaced: int | None) -> Tokens:
        stored = await self._store.put(new, expected=replaced)
        self._unstored, self._last = None, stored
        return stored


def _kept(work: Coroutine[Any, Any, Tokens]) -> "asyncio.Task[Tokens]":
    """Work that goes on if nobody waits for it any more; then nobody hears how it failed either."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _pair(
    data: Mapping[str, Any], names: tuple[str, str], region: str, now: datetime, *, granted_at: datetime
) -> Tokens:
    """The two tokens of an answer, under the names that it has for them.

    Raises:
        CloudFault
    """
    access, refresh = (data.get(name) for name in names)
    for token in (access, refresh):
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise CloudFault("the cloud's answer holds no tokens")
    return Tokens(
        region,
        Secret(str(access)),
        Secret(str(refresh)),
        _moment(data.get("atExpiredTime")) or now + ACCESS_LIFE,
        _moment(data.get("rtExpiredTime")) or now + REFRESH_LIFE,
        granted_at,
    )


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int) or not 1 << 40 < milliseconds < 1 << 45:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
