"""The servers on whose lists the gateways are: that of the settings, and those that people add."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import Conflict, DeviceError, NotAllowed
from ...ports.gateways import (
    Directory,
    DirectoryExists,
    DirectoryStore,
    GatewayDirectory,
    GatewayTimedOut,
    Listing,
    UnknownDirectory,
)
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..editing import Expect, anything, edit
from ..fields import checked
from ..permissions import allow
from . import checks
from .config import GatewayConfig
from .planning import directories_of

#: A directory's port where none is given.
USUAL_PORT = 8086


@attrs.frozen(kw_only=True)
class Directories:
    """Directories, for those who may change gateways of all enterprises.

    Each change is stored first and journaled then: a crash between the two
    loses the journal's line.
    """

    directory_store: DirectoryStore
    directory: GatewayDirectory
    journal: Journal
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    async def all(self, actor: Actor) -> Sequence[Directory]:
        """The settings' first (its id is 0), then the others by number: gateways without one are in the first."""
        _allow_all(actor)
        return directories_of(self.config, await self.directory_store.all())

    async def get(self, actor: Actor, directory_id: int) -> Directory:
        """Raises ``UnknownDirectory``."""
        _allow_all(actor)
        return await self._get(directory_id)

    async def add(self, actor: Actor, fields: Mapping[str, Any]) -> Directory:
        """Add one of ``name`` and ``host``, with ``port``, ``username``, ``password``, ``is_active`` if they differ.

        Raises ``Invalid``, ``DirectoryExists``.
        """
        _allow_all(actor)
        given = {"name": None, "host": None, "port": USUAL_PORT} | dict(fields)
        new = Directory(id=0, **checked(given, checks.DIRECTORY))
        self._not_the_settings(new)
        added = await self.directory_store.add(new, at=self.clock.now())
        await self._note(actor, "directories.add", added, f"{added.name} at {added.host} port {added.port}")
        return added

    async def change(
        self, actor: Actor, directory_id: int, changes: Mapping[str, Any], *, expect: Expect = anything
    ) -> Directory:
        """Change the fields named, and leave the others.

        Raises:
            Invalid, DirectoryExists, UnknownDirectory
            Stale: Somebody else changed it first.
            Conflict: It is the one of the settings.
        """
        _allow_all(actor)
        self._must_be_stored(directory_id)
        fields = checked(changes, checks.DIRECTORY)

        async def changed(directory: Directory) -> Directory:
            expect(directory.revision)
            wanted = attrs.evolve(directory, **fields)
            self._not_the_settings(wanted)
            return wanted

        before, after = await edit(lambda: self._get(directory_id), changed, self.directory_store.change)
        if after != before:
            await self._note(actor, "directories.change", after, _difference(before, after))
        return after

    async def remove(self, actor: Actor, directory_id: int) -> None:
        """Raises ``UnknownDirectory``, ``DirectoryInUse``, and ``Conflict`` for the one of the settings."""
        _allow_all(actor)
        self._must_be_stored(directory_id)
        directory = await self._get(directory_id)
        await self.directory_store.remove(directory_id)
        await self._note(actor, "directories.remove", directory, f"{directory.name} at {directory.host}")

    async def test(self, actor: Actor, directory_id: int) -> Listing:
        """Read the list now; nothing is changed by what it says.

        Raises:
            UnknownDirectory
            DeviceError: It cannot be read, and why.
        """
        _allow_all(actor)
        directory = await self._get(directory_id)
        try:
            listing = await read_list(self.directory, directory, self.config.timeout)
        except DeviceError as error:
            await self._note(actor, "directories.test", directory, f"{error.code}: {error.detail}"[:500], "failed")
            raise
        await self._note(actor, "directories.test", directory, f"{len(listing.rows)} rows")
        return listing

    async def _get(self, directory_id: int) -> Directory:
        if directory_id == 0:
            if self.config.directory is None:
                raise UnknownDirectory("the settings name no directory: set MFTP_HOST, or add one")
            return self.config.directory
        return await self.directory_store.get(directory_id)

    def _must_be_stored(self, directory_id: int) -> None:
        if directory_id == 0 and self.config.directory is not None:
            raise Conflict(
                f"directory 0, {self.config.directory.name}, is the one of the settings: change MFTP_HOST there"
            )

    def _not_the_settings(self, directory: Directory) -> None:
        mine = self.config.directory
        if mine is None:
            return
        if directory.name == mine.name:
            raise DirectoryExists(f"the directory of the settings is called {mine.name} already", field="name")
        if (directory.host, directory.port) == (mine.host.lower(), mine.port):
            raise DirectoryExists(
                f"{mine.host} port {mine.port} is the directory of the settings already", field="host"
            )

    async def _note(self, actor: Actor, action: str, directory: Directory, detail: str, outcome: str = "ok") -> None:
        subject = f"directory {directory.id}"
        await self.journal.write(Entry(self.clock.now(), actor.name, action, subject, outcome, detail))


async def read_list(reader: GatewayDirectory, directory: Directory, timeout: float) -> Listing:
    """A directory's list, or a ``DeviceError``, within the time."""
    try:
        # The reader keeps the deadline; this is for the day on which one does not.
        with anyio.fail_after(timeout + 1):
            return await reader.listing(directory, deadline=timeout)
    except TimeoutError as error:
        raise GatewayTimedOut(f"{directory.host} port {directory.port} did not answer in {timeout:g} s") from error


def _allow_all(actor: Actor) -> None:
    """A directory is of all enterprises, so that who is confined to some has nothing to do with it."""
    allow(actor, Permission.CHANGE_GATEWAYS)
    if actor.enterprise_numbers is not None:
        raise NotAllowed(f"{actor.name} sees some enterprises only; a directory is of all")


def _difference(before: Directory, after: Directory) -> str:
    parts = []
    for field in attrs.fields(Directory):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name != "revision":
            parts.append("password changed" if field.name == "password" else f"{field.name} {old} -> {new}")
    return ", ".join(parts)
