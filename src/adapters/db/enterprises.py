"""Enterprises in SQL: their gateways' passwords sealed."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.enterprises import (
    Enterprise,
    EnterpriseExists,
    EnterpriseInUse,
    EnterpriseStore,
    NewEnterprise,
    UnknownEnterprise,
)
from ...ports.errors import Stale
from ...ports.secrets import Secret, Vault
from .engine import Dangling, Database, Statements, Taken
from .gateway_opening import GatewayOpener

COLUMNS = """
e.number, e.name, e.created_at, e.gateway_username, e.gateway_password_sealed as gateway_password, e.comment,
cast((select count(*) from gateway g where g.enterprise_number = e.number) as integer) as gateways, e.revision
"""
STORE = """
insert into enterprise (number, name, name_key, gateway_username, gateway_password_sealed, comment, created_at,
                        revision, search)
values (:number, :name, :name_key, :gateway_username, :gateway_password_sealed, :comment, :at, 1, :search)
"""
CHANGE = """
update enterprise set name = :name, name_key = :name_key, gateway_username = :gateway_username,
       gateway_password_sealed = :gateway_password_sealed, comment = :comment, search = :search, revision = revision + 1
where number = :number and revision = :revision
"""
#: Who can see what belongs to an enterprise: a number that is given out again must not let them in there.
CONFINED = """
select 'user ' || username as who, enterprise_numbers from account where enterprise_numbers <> '[]'
union all
select 'token ' || name as who, enterprise_numbers from token where enterprise_numbers <> '[]' and revoked_at is null
"""
#: Names in one refusal.
MOST_NAMED = 5


class SqlEnterprises(EnterpriseStore):
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db, self._vault, self._open = db, vault, GatewayOpener(vault, size=4096)

    async def all(
        self, *, search: str | None = None, visible: frozenset[str] | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Enterprise], int]:
        conditions, values = list[str](), dict[str, object]()
        if search:
            conditions.append("e.search like :search escape '!'")
            found = search.casefold()
            for sign in "!%_":
                found = found.replace(sign, f"!{sign}")
            values["search"] = f"%{found}%"
        if visible is not None:
            conditions.append(self._db.among("e.number", "visible"))
            values["visible"] = sorted(visible)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        async with self._db.snapshot() as db:
            # Numbers are texts: 9 stands before 10, and 07 is another than 7.
            rows = await db.fetch(
                Enterprise,
                f"select {COLUMNS} from enterprise e{where} order by length(e.number), e.number "
                "limit :limit offset :offset",
                limit=limit, offset=offset, **values,
            )  # fmt: skip
            [total] = await db.fetch(int, f"select count(*) from enterprise e{where}", **values)
        return [self._opened(enterprise) for enterprise in rows], total

    async def get(self, number: str, *, visible: frozenset[str] | None = None) -> Enterprise:
        if visible is not None and number not in visible:
            raise _unknown(number)
        rows = await self._db.fetch(
            Enterprise, f"select {COLUMNS} from enterprise e where e.number = :number", number=number
        )
        if not rows:
            raise _unknown(number)
        return self._opened(rows[0])

    async def add(self, new: NewEnterprise, *, at: datetime) -> Enterprise:
        try:
            async with self._db.transaction() as tx:
                await tx.run(STORE, at=at, **self._values(new))
        except Taken as error:
            raise EnterpriseExists(f"There is an enterprise {new.number} already", field="number") from error
        return Enterprise(created_at=at, **attrs.asdict(new, recurse=False))

    async def change(self, enterprise: Enterprise) -> Enterprise:
        async with self._db.transaction() as tx:
            if not await tx.run(CHANGE, revision=enterprise.revision, **self._values(enterprise)):
                await _known(tx, enterprise.number)
                raise Stale(
                    f"Enterprise {enterprise.number} was changed by somebody else; read it again and repeat the change"
                )
        return attrs.evolve(enterprise, revision=enterprise.revision + 1)

    async def remove(self, number: str) -> None:
        try:
            async with self._db.transaction() as tx:
                await _known(tx, number)
                await _refuse_confined(tx, number)
                await tx.run("delete from enterprise where number = :number", number=number)
        except Dangling as error:
            raise await self._in_use(number) from error

    async def _in_use(self, number: str) -> EnterpriseInUse:
        """What still belongs to it, and the way out."""
        if await self._db.fetch(int, "select 1 from unit where enterprise_number = :number", number=number):
            return EnterpriseInUse(f"There is a unit of enterprise {number}; remove that first")
        return EnterpriseInUse(
            f"There are gateways or units of enterprise {number}; remove them, or give them another one first"
        )

    def _values(self, enterprise: NewEnterprise | Enterprise) -> dict[str, object]:
        return {
            "number": enterprise.number,
            "name": enterprise.name,
            "name_key": enterprise.name.casefold(),
            "gateway_username": enterprise.gateway_username,
            "gateway_password_sealed": self._sealed(enterprise.gateway_password),
            "comment": enterprise.comment,
            "search": f"{enterprise.number}\n{enterprise.name}".casefold(),
        }

    def _sealed(self, password: Secret | None) -> str | None:
        return None if password is None else self._vault.seal(password)

    def _opened(self, enterprise: Enterprise) -> Enterprise:
        if enterprise.gateway_password is None:
            return enterprise
        whose = f"enterprise {enterprise.number} ({enterprise.name})"
        password = self._open.secret(whose, enterprise.gateway_password.reveal())
        return attrs.evolve(enterprise, gateway_password=password)


@attrs.frozen
class _Confined:
    who: str
    enterprise_numbers: tuple[str, ...]


async def _known(tx: Statements, number: str) -> None:
    if not await tx.fetch(int, "select 1 from enterprise where number = :number", number=number):
        raise _unknown(number)


async def _refuse_confined(tx: Statements, number: str) -> None:
    who = [one.who for one in await tx.fetch(_Confined, CONFINED) if number in one.enterprise_numbers]
    if who:
        more = f" and {len(who) - MOST_NAMED} more" if len(who) > MOST_NAMED else ""
        raise EnterpriseInUse(
            f"{', '.join(who[:MOST_NAMED])}{more} may see enterprise {number}; "
            "take that away first, or revoke the token"
        )


def _unknown(number: str) -> UnknownEnterprise:
    return UnknownEnterprise(f"There is no enterprise {number}")
