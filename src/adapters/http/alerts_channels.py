"""Channels over HTTP: how people are reached.  Their URLs come in, and never go out."""

from typing import Annotated

import attrs
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.alerts import Channels
from ...ports.alerts import ChannelExists, NotDelivered, UnknownChannel
from ...ports.errors import Invalid, NotAllowed, Stale, TooManyRequests
from ...ports.identity import Permission
from ...ports.secrets import Secret
from .alerts_shapes import Fields, Name, PageQuery
from .alerts_views import ChannelView, channel_view
from .wire import Call, Page, operation, route

Url = Annotated[Secret, Meta(description="As apprise has them: tgram://TOKEN/CHAT. Kept encrypted, never shown")]


class ChannelChange(Fields, frozen=True, kw_only=True):
    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class ChannelBody(ChannelChange, frozen=True, kw_only=True):
    name: Name
    url: Url


@attrs.frozen
class ChannelApi:
    """How people are reached."""

    channels: Channels

    @operation(
        returns=Page[ChannelView], query=PageQuery, errors=(NotAllowed,), tag="alerts", needs=Permission.MANAGE_ALERTS
    )
    async def all(self, call: Call, query: PageQuery) -> Page[ChannelView]:
        """List the channels, without their URLs."""
        found = [channel_view(channel) for channel in await self.channels.all(call.actor)]
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=ChannelView, errors=(NotAllowed, UnknownChannel), tag="alerts")
    async def one(self, call: Call, channel_id: int) -> ChannelView:
        """Show a channel, without its URL."""
        call.tag((channel := await self.channels.get(call.actor, channel_id)).revision)
        return channel_view(channel)

    @operation(
        returns=ChannelView,
        body=ChannelBody,
        status=201,
        errors=(NotAllowed, Invalid, ChannelExists),
        tag="alerts",
        needs=Permission.MANAGE_ALERTS,
    )
    async def add(self, call: Call, body: ChannelBody) -> ChannelView:
        """Add a channel."""
        call.tag((channel := await self.channels.add(call.actor, body.named())).revision)
        return channel_view(channel)

    @operation(
        returns=ChannelView,
        body=ChannelChange,
        errors=(NotAllowed, UnknownChannel, Invalid, ChannelExists, Stale),
        tag="alerts",
        needs=Permission.MANAGE_ALERTS,
    )
    async def change(self, call: Call, channel_id: int, body: ChannelChange) -> ChannelView:
        """Change the fields that are named; a URL that is not named stays."""
        channel = await self.channels.change(call.actor, channel_id, body.named(), expect=call.expect)
        call.tag(channel.revision)
        return channel_view(channel)

    @operation(status=204, errors=(NotAllowed, UnknownChannel), tag="alerts")
    async def remove(self, call: Call, channel_id: int) -> None:
        """Remove a channel, and what waits for it."""
        await self.channels.remove(call.actor, channel_id)

    @operation(returns=ChannelView, errors=(NotAllowed, UnknownChannel, NotDelivered, TooManyRequests), tag="alerts")
    async def test(self, call: Call, channel_id: int) -> ChannelView:
        """Send a test message, and wait until it was taken."""
        return channel_view(await self.channels.test(call.actor, channel_id))

    def routes(self) -> list[Route]:
        """All of it."""
        return [
            route("GET", "/api/alerts/channels", self.all),
            route("POST", "/api/alerts/channels", self.add),
            route("GET", "/api/alerts/channels/{channel_id:int}", self.one),
            route("PUT", "/api/alerts/channels/{channel_id:int}", self.change),
            route("DELETE", "/api/alerts/channels/{channel_id:int}", self.remove),
            route("POST", "/api/alerts/channels/{channel_id:int}/test", self.test),
        ]
