"""Maintenance windows over HTTP: when nobody is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from msgspec import UNSET, UnsetType
from starlette.routing import Route

from ...core.alerts import Maintenance
from ...ports.alerts import UnknownWindow, Window
from ...ports.errors import Invalid, NotAllowed, Stale
from ...ports.identity import Permission
from .alerts_shapes import Comment, Fields, Ids, Numbers, PageQuery
from .alerts_views import MINERS, WindowView, window_view
from .wire import Call, Page, operation, route


class WindowChange(Fields, frozen=True, kw_only=True):
    """A window that names neither containers, enterprises nor miners is about everything."""

    system: str | UnsetType | None = UNSET
    container_ids: Ids | UnsetType = UNSET
    enterprise_numbers: Numbers | UnsetType = UNSET
    miner_ids: Ids | UnsetType = UNSET
    since: datetime | UnsetType = UNSET
    until: datetime | UnsetType = UNSET
    reason: Comment | UnsetType | None = UNSET

    def fields(self) -> Mapping[str, Any]:
        """The fields as the core calls them: miners are subjects of a system."""
        found = self.named()
        if (miners := found.pop("miner_ids", None)) is not None:
            found["subject_ids"] = miners
            if miners:
                found.setdefault("system", MINERS)
        return found


class WindowBody(WindowChange, frozen=True, kw_only=True):
    """Without ``since`` it begins now."""

    until: datetime


@attrs.frozen
class MaintenanceApi:
    """When nobody is told."""

    maintenance: Maintenance

    @operation(
        returns=Page[WindowView], query=PageQuery, errors=(NotAllowed,), tag="maintenance", needs=Permission.SEE_ALERTS
    )
    async def all(self, call: Call, query: PageQuery) -> Page[WindowView]:
        """List the windows, the latest beginning first."""
        found = [window_view(window) for window in await self.maintenance.all(call.actor)]
        return Page(found[query.offset : query.offset + query.limit], len(found))

    @operation(returns=WindowView, errors=(NotAllowed, UnknownWindow), tag="maintenance")
    async def one(self, call: Call, window_id: int) -> WindowView:
        """Show a window."""
        return _tagged(call, await self.maintenance.get(call.actor, window_id))

    @operation(
        returns=WindowView,
        body=WindowBody,
        status=201,
        errors=(NotAllowed, Invalid),
        tag="maintenance",
        needs=Permission.MANAGE_ALERTS,
    )
    async def add(self, call: Call, body: WindowBody) -> WindowView:
        """Announce maintenance: alerts that begin in it are listed, and told only if they last beyond it."""
        return _tagged(call, await self.maintenance.add(call.actor, body.fields()))

    @operation(
        returns=WindowView,
        body=WindowChange,
        errors=(NotAllowed, UnknownWindow, Invalid, Stale),
        tag="maintenance",
        needs=Permission.MANAGE_ALERTS,
    )
    async def change(self, call: Call, window_id: int, body: WindowChange) -> WindowView:
        """Change the fields that are named."""
        changed = await self.maintenance.change(call.actor, window_id, body.fields(), expect=call.expect)
        return _tagged(call, changed)

    @operation(status=204, errors=(NotAllowed, UnknownWindow), tag="maintenance")
    async def remove(self, call: Call, window_id: int) -> None:
        """Remove a window; what began in it and goes on is told."""
        await self.maintenance.remove(call.actor, window_id)

    def routes(self) -> list[Route]:
        """All of it."""
        return [
            route("GET", "/api/maintenance", self.all),
            route("POST", "/api/maintenance", self.add),
            route("GET", "/api/maintenance/{window_id:int}", self.one),
            route("PUT", "/api/maintenance/{window_id:int}", self.change),
            route("DELETE", "/api/maintenance/{window_id:int}", self.remove),
        ]


def _tagged(call: Call, window: Window) -> WindowView:
    call.tag(window.revision)
    return window_view(window)
