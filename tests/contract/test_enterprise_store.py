"""Enterprises, on both databases."""

from datetime import UTC, datetime

import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.enterprises import SqlEnterprises
from lineman.adapters.db.gateways import SqlGateways
from lineman.adapters.db.tokens import SqlTokens
from lineman.adapters.db.users import SqlUsers
from lineman.ports.enterprises import (
    Enterprise,
    EnterpriseExists,
    EnterpriseInUse,
    EnterpriseStore,
    NewEnterprise,
    UnknownEnterprise,
)
from lineman.ports.errors import Stale
from lineman.ports.gateways import NewGateway
from lineman.ports.identity import NewUser, Role, Token
from lineman.ports.secrets import Sealed, Secret, Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEW = NewEnterprise("0367", "Почта", "root", Secret("canary-box"), "two\nlines")


@pytest.fixture
def enterprises(database: Database, vault: Vault) -> EnterpriseStore:
    return SqlEnterprises(database, vault)


async def numbers(store: EnterpriseStore, **query: object) -> list[str]:
    found, total = await store.all(**query)  # type: ignore[arg-type]  # whatever the port takes
    assert total >= len(found)
    return [enterprise.number for enterprise in found]


async def test_an_enterprise_comes_back_whole_and_its_password_is_sealed(
    database: Database, enterprises: EnterpriseStore
) -> None:
    made = await enterprises.add(NEW, at=NOW)
    assert made == Enterprise("0367", "Почта", NOW, "root", Secret("canary-box"), "two\nlines", 0, 1)
    assert await enterprises.get("0367") == made
    [sealed] = await database.fetch(str, "select gateway_password_sealed from enterprise")
    assert "canary" not in sealed
    with pytest.raises(EnterpriseExists, match="0367") as taken:
        await enterprises.add(NewEnterprise("0367", "Other"), at=NOW)
    assert [error.field for error in taken.value.errors] == ["number"]
    strange = SqlEnterprises(database, FernetVault([Secret("another key, long enough for this")]))
    with pytest.raises(Sealed, match=r"enterprise 0367 \(Почта\)"):
        await strange.all()


async def test_enterprises_are_listed_by_number_and_found_by_parts_of_number_and_name(
    enterprises: EnterpriseStore,
) -> None:
    for number, name in (("10", "Ящик"), ("9", "50% & Co"), ("A-9", "почта"), ("010", "Box")):
        await enterprises.add(NewEnterprise(number, name), at=NOW)
    assert await numbers(enterprises) == ["9", "10", "010", "A-9"]
    assert await numbers(enterprises, search="ЯЩИ") == ["10"]
    assert await numbers(enterprises, search="10") == ["10", "010"]
    assert await numbers(enterprises, search="a-") == ["A-9"]
    assert await numbers(enterprises, search="%") == ["9"]
    page, total = await enterprises.all(limit=1, offset=1)
    assert ([one.number for one in page], total) == (["10"], 4)


async def test_what_the_actor_may_not_see_is_not_there(enterprises: EnterpriseStore) -> None:
    for number in ("1", "2", "3"):
        await enterprises.add(NewEnterprise(number, "Box"), at=NOW)
    his = frozenset({"2", "3", "gone"})
    assert await numbers(enterprises, visible=his) == ["2", "3"]
    assert await numbers(enterprises, visible=his, search="3") == ["3"]
    assert await numbers(enterprises, visible=frozenset()) == []
    assert (await enterprises.get("2", visible=his)).number == "2"
    for number in ("1", "gone"):
        with pytest.raises(UnknownEnterprise, match=number):
            await enterprises.get(number, visible=his)


async def test_a_change_counts_for_whoever_saw_the_last_one(enterprises: EnterpriseStore) -> None:
    made = await enterprises.add(NEW, at=NOW)
    changed = await enterprises.change(attrs.evolve(made, name="Post", gateway_password=None, comment=""))
    assert (
        await enterprises.get("0367")
        == changed
        == attrs.evolve(made, name="Post", gateway_password=None, comment="", revision=2)
    )
    assert await numbers(enterprises, search="почта") == []
    assert await numbers(enterprises, search="post") == ["0367"]
    with pytest.raises(Stale):
        await enterprises.change(made)
    with pytest.raises(UnknownEnterprise):
        await enterprises.change(attrs.evolve(made, number="9"))


async def test_an_enterprise_with_gateways_counts_them_and_stays(
    database: Database, vault: Vault, enterprises: EnterpriseStore
) -> None:
    await enterprises.add(NEW, at=NOW)
    await enterprises.add(NewEnterprise("2", "Box"), at=NOW)
    gateways = SqlGateways(database, vault)
    for name in ("A", "B"):
        await gateways.add(NewGateway(name, "0367"), at=NOW)
    assert [one.gateways for one in (await enterprises.all())[0]] == [0, 2]
    with pytest.raises(EnterpriseInUse, match="gateways or units of enterprise 0367"):
        await enterprises.remove("0367")
    assert (await enterprises.get("0367")).gateways == 2
    await enterprises.remove("2")
    with pytest.raises(UnknownEnterprise):
        await enterprises.remove("2")


async def test_a_number_to_which_somebody_is_confined_is_not_given_away(
    database: Database, enterprises: EnterpriseStore
) -> None:
    users, tokens = SqlUsers(database), SqlTokens(database)
    for number in ("1", "11"):
        await enterprises.add(NewEnterprise(number, "Box"), at=NOW)
    anna = await users.add(NewUser("anna", "hash", Role.ENTERPRISE_ADMIN, enterprise_numbers=("11", "1")), at=NOW)
    token = Token(0, "exchange", Role.ENTERPRISE_ADMIN, NOW, None, "admin", enterprise_numbers=("11",))
    token = await tokens.add_token(token, "digest")
    with pytest.raises(EnterpriseInUse, match="user anna may see"):
        await enterprises.remove("1")
    await users.change(attrs.evolve(anna, enterprise_numbers=()))
    await enterprises.remove("1")
    with pytest.raises(EnterpriseInUse, match="token exchange may see"):
        await enterprises.remove("11")
    await tokens.revoke_token(token.id, at=NOW)
    await enterprises.remove("11")
    assert await numbers(enterprises) == []
