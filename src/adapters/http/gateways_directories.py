"""Directories over HTTP: the remote administration servers on whose lists gateways are."""

from collections.abc import Mapping
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.routing import Route

from ...core.gateways.directories import Directories
from ...ports.errors import DeviceError, Invalid, NotAllowed, Stale, TooManyRequests
from ...ports.gateways import Directory, DirectoryExists, DirectoryInUse, UnknownDirectory
from ...ports.identity import Permission
from ...ports.secrets import Secret
from .gateways_views import DirectoryView, directory_view
from .wire import Call, operation, route

Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Host = Annotated[str, Meta(description="An address or a host name", extra_json_schema={"minLength": 1})]
Port = Annotated[int, Meta(description="8086, if not given", extra_json_schema={"minimum": 1, "maximum": 65535})]
Password = Annotated[Secret, Meta(description="Kept encrypted, never shown")]


class DirectoryChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is; null takes away what may be missing."""

    name: Name | UnsetType = UNSET
    host: Host | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    username: str | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET

    def named(self) -> Mapping[str, Any]:
        """The fields that were sent."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class DirectoryBody(DirectoryChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    host: Host


class ListingView(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a list: how many devices are on it, how many of them have a port, and what was odd."""

    listed: int
    with_port: int
    version: str | None
    remarks: tuple[str, ...]


@attrs.frozen
class DirectoryApi:
    """Directories."""

    directories: Directories

    @operation(returns=list[DirectoryView], errors=(NotAllowed,), tag="directories")
    async def all(self, call: Call) -> list[DirectoryView]:
        """List the directories, that of the settings among them."""
        return [directory_view(one) for one in await self.directories.all(call.actor)]

    @operation(returns=DirectoryView, errors=(NotAllowed, UnknownDirectory), tag="directories")
    async def one(self, call: Call, directory_id: int) -> DirectoryView:
        """Show a directory."""
        return _tagged(call, await self.directories.get(call.actor, directory_id))

    @operation(
        returns=DirectoryView, body=DirectoryBody, status=201, errors=(NotAllowed, Invalid, DirectoryExists),
        tag="directories", needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def add(self, call: Call, body: DirectoryBody) -> DirectoryView:
        """Add a directory."""
        return _tagged(call, await self.directories.add(call.actor, body.named()))

    @operation(
        returns=DirectoryView, body=DirectoryChange,
        errors=(NotAllowed, UnknownDirectory, Invalid, DirectoryExists, Stale),
        tag="directories", needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def change(self, call: Call, directory_id: int, body: DirectoryChange) -> DirectoryView:
        """Change the fields that are named; that of the settings is changed there."""
        changed = await self.directories.change(call.actor, directory_id, body.named(), expect=call.expect)
        return _tagged(call, changed)

    @operation(status=204, errors=(NotAllowed, UnknownDirectory, DirectoryInUse), tag="directories")
    async def remove(self, call: Call, directory_id: int) -> None:
        """Remove a directory in which no gateway stands."""
        await self.directories.remove(call.actor, directory_id)

    @operation(
        returns=ListingView, errors=(NotAllowed, UnknownDirectory, DeviceError, TooManyRequests), tag="directories",
        needs=Permission.CHANGE_GATEWAYS,
    )  # fmt: skip
    async def test(self, call: Call, directory_id: int) -> ListingView:
        """Read the list of a directory and change nothing."""
        listing = await self.directories.test(call.actor, directory_id)
        return ListingView(
            listed=len(listing.rows),
            with_port=sum(row.port is not None for row in listing.rows),
            version=listing.version,
            remarks=listing.remarks,
        )

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        one = "/directories/{directory_id:int}"
        return [
            route("GET", "/directories", self.all),
            route("POST", "/directories", self.add),
            route("GET", one, self.one),
            route("PUT", one, self.change),
            route("DELETE", one, self.remove),
            route("POST", f"{one}/test", self.test),
        ]


def _tagged(call: Call, directory: Directory) -> DirectoryView:
    call.tag(directory.revision)
    return directory_view(directory)
