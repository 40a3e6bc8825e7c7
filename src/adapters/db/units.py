"""Units in SQL: passwords and keys sealed, a plug for one of them only."""

import functools
from collections.abc import Sequence

import anyio
import attrs

from ...ports.enterprises import UnknownEnterprise
from ...ports.errors import Stale
from ...ports.power import Plug, PlugKind
from ...ports.secrets import Sealed, Secret, Vault
from ...ports.units.inventory import PlugTaken, Unit, UnitExists, UnitStore, UnknownUnit
from .engine import Dangling, Database, Statements, Taken, next_number
from .rows import to_text

#: Fields that are columns of the same name.
PLAIN = tuple(field.name for field in attrs.fields(Unit) if field.name not in ("password", "key", "plug"))
COLUMNS = (
    f"{', '.join(f'u.{name}' for name in PLAIN)}, u.password_sealed as password, u.key_sealed as key, "
    "u.plug_kind, u.plug_device_id, u.plug_outlet"
)
STORED = (*PLAIN, "password_sealed", "key_sealed", "plug_kind", "plug_device_id", "plug_outlet")
STORE = f"insert into unit ({', '.join(STORED)}) values ({', '.join(f':{name}' for name in STORED)})"
#: What never changes, and what is counted here.
FIXED = frozenset({"id", "enterprise_number", "created_at", "revision"})
CHANGE = f"""
update unit set {", ".join(f"{name} = :{name}" for name in STORED if name not in FIXED)}, revision = revision + 1
where enterprise_number = :enterprise_number and revision = :revision
"""
#: The unit of a plug; an outlet without a number is one of its own.
HAS_PLUG = (
    "u.plug_kind = :kind and u.plug_device_id = :device_id and coalesce(u.plug_outlet, -1) = cast(:outlet as bigint)"
)


@attrs.frozen
class _Row(Unit):
    """A unit as it is stored: its secrets sealed, its plug in three columns."""

    plug_kind: PlugKind | None = None
    plug_device_id: str = ""
    plug_outlet: int | None = None


class SqlUnits(UnitStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault = db, vault
        # A reload of all units opens nothing twice.
        self._unseal = functools.lru_cache(maxsize=4096)(vault.unseal)

    async def all(self, *, visible: frozenset[str] | None = None) -> Sequence[Unit]:
        where, values = "", dict[str, object]()
        if visible is not None:
            where, values = f"where {self._db.among('u.enterprise_number', 'visible')}", {"visible": sorted(visible)}
        # Numbers are texts, sorted as in the list of enterprises.
        rows = await self._db.fetch(
            _Row, f"select {COLUMNS} from unit u {where} order by length(u.enterprise_number), u.enterprise_number",
            **values,
        )  # fmt: skip
        # To open the logins of a large site takes a while, the first time.
        return await anyio.to_thread.run_sync(lambda: [self._opened(row) for row in rows])

    async def get(self, enterprise_number: str, *, visible: frozenset[str] | None = None) -> Unit:
        rows = await self._db.fetch(
            _Row, f"select {COLUMNS} from unit u where u.enterprise_number = :number", number=enterprise_number
        )
        if not rows or (visible is not None and enterprise_number not in visible):
            raise _unknown(enterprise_number)
        return self._opened(rows[0])

    async def add(self, unit: Unit) -> Unit:
        try:
            async with self._db.transaction() as tx:
                await _know_parent(tx, unit)
                added = attrs.evolve(unit, id=await next_number(tx, "unit"), revision=1)
                await tx.run(STORE, **self._values(added))
                await _changed(tx)
        except Dangling as error:
            raise UnknownEnterprise(f"enterprise_number: there is no enterprise {unit.enterprise_number}") from error
        except Taken as error:
            raise await self._refused(unit) from error
        return added

    async def change(self, unit: Unit) -> Unit:
        values = {name: value for name, value in self._values(unit).items() if name not in ("id", "created_at")}
        try:
            async with self._db.transaction() as tx:
                await _know_parent(tx, unit)
                if not await tx.run(CHANGE, **values):
                    await _known(tx, unit.enterprise_number)
                    raise Stale(
                        f"The unit of enterprise {unit.enterprise_number} was changed by somebody else; "
                        "read it again and repeat the change"
                    )
                await _changed(tx)
        except Taken as error:
            raise await self._refused(unit) from error
        return attrs.evolve(unit, revision=unit.revision + 1)

    async def pin(self, enterprise_number: str, host_key: str) -> None:
        async with self._db.transaction() as tx:
            pinned = await tx.run(
                "update unit set host_key = :host_key where enterprise_number = :number and host_key is null",
                host_key=host_key, number=enterprise_number,
            )  # fmt: skip
            if pinned:
                await _changed(tx)

    async def remove(self, enterprise_number: str) -> None:
        async with self._db.transaction() as tx:
            if not await tx.run("delete from unit where enterprise_number = :number", number=enterprise_number):
                raise _unknown(enterprise_number)
            await tx.run(
                "update unit set parent = null, revision = revision + 1 where parent = :number",
                number=enterprise_number,
            )
            await _changed(tx)

    async def bound(self, plug: Plug) -> Unit | None:
        rows = await self._db.fetch(_Row, f"select {COLUMNS} from unit u where {HAS_PLUG}", **plug_values(plug))
        return self._opened(rows[0]) if rows else None

    async def version(self) -> int:
        [version] = await self._db.fetch(int, "select value from counter where name = 'units'")
        return version

    async def _refused(self, unit: Unit) -> UnitExists | PlugTaken:
        """What a refusal by the schema means."""
        if unit.plug is not None:
            owners = await self._db.fetch(
                str, f"select u.enterprise_number from unit u where {HAS_PLUG}", **plug_values(unit.plug)
            )
            if owners and owners[0] != unit.enterprise_number:
                return PlugTaken(
                    f"The plug {unit.plug} is that of the unit of enterprise {owners[0]}; unbind it there first",
                    field="plug",
                )
        return UnitExists(
            f"Enterprise {unit.enterprise_number} has a unit already; change that one", field="enterprise_number"
        )

    def _values(self, unit: Unit) -> dict[str, object]:
        plug = unit.plug
        return {
            **{name: getattr(unit, name) for name in PLAIN},
            "patterns": to_text(unit.patterns),
            "password_sealed": self._sealed(unit.password),
            "key_sealed": self._sealed(unit.key),
            "plug_kind": plug and plug.kind,
            "plug_device_id": plug and plug.device_id,
            "plug_outlet": plug and plug.outlet,
        }

    def _sealed(self, secret: Secret | None) -> str | None:
        return None if secret is None else self._vault.seal(secret)

    def _opened(self, row: _Row) -> Unit:
        plug = None if row.plug_kind is None else Plug(row.plug_kind, row.plug_device_id, row.plug_outlet)
        return Unit(
            **{name: getattr(row, name) for name in PLAIN},
            password=self._secret(row, "password", row.password),
            key=self._secret(row, "key", row.key),
            plug=plug,
        )

    def _secret(self, row: _Row, what: str, sealed: Secret | None) -> Secret | None:
        try:
            return sealed and self._unseal(sealed.reveal())
        except Sealed as error:
            raise Sealed(
                f"The {what} of the unit of enterprise {row.enterprise_number} cannot be opened with the keys at hand; "
                "put back the key that it was stored with"
            ) from error


def plug_values(plug: Plug) -> dict[str, object]:
    """A plug as the conditions on its three columns want it."""
    return {"kind": plug.kind, "device_id": plug.device_id, "outlet": -1 if plug.outlet is None else plug.outlet}


async def _known(tx: Statements, number: str) -> None:
    if not await tx.fetch(int, "select 1 from unit where enterprise_number = :number", number=number):
        raise _unknown(number)


async def _know_parent(tx: Statements, unit: Unit) -> None:
    """One that is removed at the same moment leaves a parent that is not there, which is as good as none."""
    if unit.parent is not None and not await tx.fetch(
        int, "select 1 from unit where enterprise_number = :parent", parent=unit.parent
    ):
        raise UnknownUnit(f"parent: enterprise {unit.parent} has no unit")


async def _changed(tx: Statements) -> None:
    """Tell other processes, with the change itself, that units are not what they were."""
    await tx.run("update counter set value = value + 1 where name = 'units'")


def _unknown(number: str) -> UnknownUnit:
    return UnknownUnit(f"Enterprise {number} has no unit")
