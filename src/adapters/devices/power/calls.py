"""Single calls to the cloud: signed by the application, or borne by a token."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import attrs
import msgspec

from ....ports.power import NoApplication, QuotaUsedUp
from ....ports.power.cloud import Application, Tokens
from ....ports.secrets import Secret
from .budget import Budget
from .errors import Call, answer_of, failure, number_in
from .params import text
from .regions import api_base
from .signing import signature
from .wire import Reply, Wire

#: Signs of what the cloud says that are shown.
_SAID = 120


@attrs.frozen(kw_only=True, eq=False)
class Calls:
    """Makes calls, one at a time as the budget lets them, and turns answers into data or errors."""

    wire: Wire
    budget: Budget
    application: Application | None
    #: Another address for the API of every region.
    instead: str | None
    fresh: Callable[[], str]

    def known_application(self) -> Application:
        """Raises ``NoApplication`` where none is set."""
        if self.application is None:
            raise NoApplication(
                "no eWeLink application is set: give ewelink_app_id, ewelink_app_secret and ewelink_redirect_url"
            )
        return self.application

    async def signed(
        self, call: Call, region: str, path: str, body: Mapping[str, object], hidden: Secret, *, until: float
    ) -> Mapping[str, Any]:
        """A call of the OAuth kind; ``hidden`` is the secret in its body.

        Raises:
            BadRegion, ReauthoriseNeeded, CloudMisconfigured, QuotaUsedUp, CloudFault, Unreachable
        """
        application = self.known_application()
        # Serialised once: what is signed is what is sent.
        content = msgspec.json.encode(body)
        headers = {
            "x-ck-appid": application.app_id,
            "x-ck-nonce": self.fresh(),
            "authorization": f"Sign {signature(application.app_secret, content)}",
            "content-type": "application/json",
        }
        base = api_base(region, self.instead)
        await self.budget.take(region, vital=True, until=until)
        reply = await self.wire.send("POST", base + path, headers, content, until=until)
        return self._data(reply, call, (hidden, application.app_secret))

    async def borne(
        self, call: Call, tokens: Tokens, method: str, path: str, *,
        query: Iterable[tuple[str, str]] = (), body: Mapping[str, object] | None = None, vital: bool, until: float,
    ) -> Mapping[str, Any]:  # fmt: skip
        """A call with a token.

        Raises:
            TokenRejected, CloudMisconfigured, QuotaUsedUp, CloudFault, UnknownPlug, PlugOffline, SwitchFailed,
            AnswerLost, Unreachable
        """
        headers = {"x-ck-nonce": self.fresh(), "authorization": f"Bearer {tokens.access.reveal()}"}
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        asked = urlencode(list(query), quote_via=quote, safe="")
        url = api_base(tokens.region, self.instead) + path + (f"?{asked}" if asked else "")
        await self.budget.take(tokens.region, vital=vital, until=until)
        reply = await self.wire.send(method, url, headers, content, until=until)
        known = () if self.application is None else (self.application.app_secret,)
        return self._data(reply, call, (tokens.access, tokens.refresh, *known))

    def _data(self, reply: Reply, call: Call, hidden: tuple[Secret, ...]) -> Mapping[str, Any]:
        answer = answer_of(reply.content)
        error = failure(reply.status, number_in(answer), call, _said(answer.get("msg"), hidden))
        if isinstance(error, QuotaUsedUp):
            self.budget.close(error)
        if error is not None:
            raise error
        self.budget.reopen()
        data = answer.get("data")
        return data if isinstance(data, dict) else {}


def _said(message: object, hidden: tuple[Secret, ...]) -> str:
    """What the cloud says, for people, without what was told to it in confidence."""
    said = message if isinstance(message, str) else ""
    for secret in hidden:
        said = said.replace(secret.reveal(), "…") if secret.reveal() else said
    return (text(said) or "")[:_SAID]
