"""The eWeLink plugs over HTTP: exactly the paths of the service that lineman replaces, and the state of the account."""

import html
from datetime import date
from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ...core.units import Clouds, PowerStopped
from ...core.units.checks import plug as checked_plug
from ...core.units.clouds import TokenState
from ...ports.errors import DeviceError, Invalid, LinemanError, NotAllowed, NotFound, Overloaded, Unavailable
from ...ports.identity import Permission
from ...ports.power import CloudMisconfigured, Grant, NoApplication, NotAuthorised, PlugKind, ReauthoriseNeeded
from ...ports.power.cloud import BadRegion, BadState
from ...ports.units import CycleUnderWay
from .problems import status_of
from .units_passing import UnitActs
from .units_views import PlugCheckView, state_view
from .wire import Call, operation, route


class AuthUrlView(msgspec.Struct, frozen=True, kw_only=True):
    auth_url: str


class CallbackQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud sends the browser back with."""

    code: Annotated[str, Meta(max_length=200)] = ""
    region: Annotated[str, Meta(max_length=20)] = ""
    state: Annotated[str, Meta(max_length=200)] = ""


class ExchangeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=200)]
    region: Annotated[str, Meta(min_length=1, max_length=20)]


class DoneView(msgspec.Struct, frozen=True, kw_only=True):
    success: bool
    message: str


class ToggleBody(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Annotated[str, Meta(min_length=1, max_length=260)]
    state: bool
    outlet: Annotated[int, Meta(ge=0, le=63)] | None = None
    kind: PlugKind = PlugKind.EWELINK


class PlugQuery(msgspec.Struct, frozen=True, kw_only=True):
    outlet: Annotated[int, Meta(ge=0, le=63)] | None = None
    kind: PlugKind = PlugKind.EWELINK


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is `on` or `off`, as the plug reported last."""

    device_id: str
    status: str
    online: bool | None
    plug: PlugCheckView


class ListedView(msgspec.Struct, frozen=True, kw_only=True):
    """A plug of the account; ``bound_to`` is the enterprise whose unit it feeds."""

    device_id: str
    name: str
    online: bool
    status: str | None
    model: str | None
    shared_by: str | None
    bound_to: str | None


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """How long the authorisation lasts; null where there is none."""

    authorised: bool
    region: str | None
    access_days_left: float | None
    refresh_days_left: float | None
    calls_this_month: int
    quota: int
    application_ends: date | None
    warning: str | None


class RenewedView(msgspec.Struct, frozen=True, kw_only=True):
    success: bool
    message: str
    days_left: float | None


def token_view(state: TokenState) -> TokenView:
    return TokenView(
        authorised=state.grant is not None,
        region=state.grant.region if state.grant else None,
        access_days_left=state.access_days_left,
        refresh_days_left=state.refresh_days_left,
        calls_this_month=state.calls_this_month,
        quota=state.quota,
        application_ends=state.application_ends,
        warning=state.warning,
    )


CLOUD_ERRORS = (NoApplication, NotAuthorised, ReauthoriseNeeded, CloudMisconfigured, DeviceError, Overloaded)


@attrs.frozen
class EwelinkApi:
    """Plugs of the cloud, and the account that they are in."""

    clouds: Clouds
    acts: UnitActs

    @operation(
        returns=AuthUrlView,
        errors=(NotAllowed, NoApplication, CloudMisconfigured),
        tag="ewelink",
        needs=Permission.MANAGE_CLOUD,
    )
    async def auth_url(self, call: Call) -> AuthUrlView:
        """Give the address at which the owner of the account authorises us; good for a quarter of an hour."""
        return AuthUrlView(auth_url=await self.clouds.authorise_url(call.actor))

    @operation(
        returns=DoneView, query=CallbackQuery, errors=(BadState, BadRegion, *CLOUD_ERRORS), public=True, anonymous=True,
        tag="ewelink", also=("text/html",),
    )  # fmt: skip
    async def callback(self, call: Call, query: CallbackQuery) -> DoneView | Response:
        """Take what the cloud sends back, and exchange it at once; a browser gets a page.

        Needs no login: the state that we handed out says whose it is.
        """
        try:
            grant = await self.clouds.callback(query.code, query.region, query.state)
        except LinemanError as error:
            if not _wants_page(call):
                raise
            return _page("Not authorised", error.detail, status_of(type(error)))
        said = _said(grant)
        return _page("Authorised", said, 200) if _wants_page(call) else DoneView(success=True, message=said)

    @operation(
        returns=DoneView, body=ExchangeBody, errors=(NotAllowed, BadRegion, *CLOUD_ERRORS), tag="ewelink",
        needs=Permission.MANAGE_CLOUD,
    )  # fmt: skip
    async def exchange(self, call: Call, body: ExchangeBody) -> DoneView:
        """Exchange a code that a person copied from the address bar, within its thirty seconds."""
        return DoneView(success=True, message=_said(await self.clouds.exchange(call.actor, body.code, body.region)))

    @operation(returns=RenewedView, errors=(NotAllowed, *CLOUD_ERRORS), tag="ewelink", needs=Permission.MANAGE_CLOUD)
    async def refresh(self, call: Call) -> RenewedView:
        """Renew the authorisation, without a person and without a restart."""
        grant = await self.clouds.refresh(call.actor)
        state = await self.clouds.state(call.actor)
        return RenewedView(success=True, message=_said(grant), days_left=state.refresh_days_left)

    @operation(returns=TokenView, errors=(NotAllowed,), tag="ewelink", needs=Permission.SEE_UNITS)
    async def token(self, call: Call) -> TokenView:
        """Tell how long the authorisation lasts, and what is left of the month's quota."""
        return token_view(await self.clouds.state(call.actor))

    @operation(
        returns=DoneView, body=ToggleBody,
        errors=(NotAllowed, Invalid, CycleUnderWay, PowerStopped, NotFound, Unavailable, *CLOUD_ERRORS), tag="ewelink",
        needs=Permission.SWITCH_ON,
    )  # fmt: skip
    async def toggle(self, call: Call, body: ToggleBody) -> DoneView:
        """Switch a plug.  OFF alone needs a permission of its own; to restart a unit, cycle its power instead."""
        plug = checked_plug(body.kind, body.device_id, body.outlet)
        await self.acts.toggle(call.actor, plug, body.state)
        return DoneView(success=True, message=f"{plug} was switched {'on' if body.state else 'off'}")

    @operation(
        returns=StatusView, query=PlugQuery, errors=(NotAllowed, Invalid, NotFound, *CLOUD_ERRORS), tag="ewelink",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def status(self, call: Call, device_id: str, query: PlugQuery) -> StatusView:
        """Show what a plug reported last."""
        plug = checked_plug(query.kind, device_id, query.outlet)
        state = await self.clouds.status(call.actor, plug)
        return StatusView(
            device_id=plug.device_id, status="on" if state.on else "off", online=state.online,
            plug=state_view(plug, state),
        )  # fmt: skip

    @operation(
        returns=list[ListedView], errors=(NotAllowed, *CLOUD_ERRORS), tag="ewelink", needs=Permission.MANAGE_CLOUD
    )
    async def devices(self, call: Call) -> list[ListedView]:
        """List the plugs of the account, of all its homes, and whose they are."""
        return [
            ListedView(
                device_id=one.device_id,
                name=one.name,
                online=one.online,
                status=None if one.state is None else "on" if one.state.on else "off",
                model=one.model,
                shared_by=one.shared_by,
                bound_to=owner.enterprise_number if owner else None,
            )
            for one, owner in await self.clouds.devices(call.actor)
        ]

    def routes(self) -> list[Route]:
        """All of them, from the root of the plugs' system."""
        return [
            route("GET", "/ewelink-auth-url", self.auth_url),
            route("GET", "/ewelink-callback/", self.callback),
            route("POST", "/toggle", self.toggle),
            route("GET", "/status/{device_id}", self.status),
            route("GET", "/devices", self.devices),
            route("POST", "/ewelink-refresh-token/", self.refresh),
            route("POST", "/ewelink-exchange", self.exchange),
            route("GET", "/ewelink-token", self.token),
        ]


def _wants_page(call: Call) -> bool:
    return "text/html" in call.request.headers.get("accept", "")


def _said(grant: Grant) -> str:
    return f"The account is authorised until {grant.refresh_expires_at:%Y-%m-%d} (region {grant.region})"


def _page(title: str, text: str, status: int) -> Response:
    body = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></html>"
    )
    return HTMLResponse(body, status, {"cache-control": "no-store"})
