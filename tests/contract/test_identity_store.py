"""Users, tokens and sessions, on both databases."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.tokens import SqlTokens
from lineman.adapters.db.users import SqlUsers
from lineman.ports.errors import Stale
from lineman.ports.identity import (
    NewUser,
    Role,
    Session,
    Token,
    TokenStore,
    UnknownToken,
    UnknownUser,
    UserExists,
    UserStore,
)

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
ANNA = NewUser("Anna", "hash", Role.CLIENT, email="anna@example.org", container_ids=(1, 2), enterprise_numbers=("7",))


@pytest.fixture
def users(database: Database) -> UserStore:
    return SqlUsers(database)


@pytest.fixture
def tokens(database: Database) -> TokenStore:
    return SqlTokens(database)


async def test_a_user_comes_back_as_he_was_stored_and_by_any_case_of_his_name(users: UserStore) -> None:
    anna = await users.add(ANNA, at=NOW)
    assert (anna.username, anna.role, anna.container_ids, anna.enterprise_numbers, anna.created_at, anna.revision) == (
        "Anna", Role.CLIENT, (1, 2), ("7",), NOW, 1,
    )  # fmt: skip
    assert await users.get(anna.id) == anna
    assert await users.named("ANNA") == (anna, "hash")
    assert await users.named("otto") is None


async def test_a_name_is_taken_in_every_case_and_script(users: UserStore) -> None:
    await users.add(attrs.evolve(ANNA, username="Zoë"), at=NOW)
    with pytest.raises(UserExists, match="ZOË"):
        await users.add(attrs.evolve(ANNA, username="ZOË"), at=NOW)
    assert await users.count() == 1


async def test_a_change_based_on_an_older_revision_is_stale(users: UserStore) -> None:
    anna = await users.add(ANNA, at=NOW)
    changed = await users.change(attrs.evolve(anna, role=Role.OPERATOR, is_active=False))
    assert (changed.role, changed.is_active, changed.revision) == (Role.OPERATOR, False, 2)
    with pytest.raises(Stale):
        await users.change(attrs.evolve(anna, role=Role.ADMIN))
    with pytest.raises(UnknownUser):
        await users.change(attrs.evolve(anna, id=99))
    assert await users.get(anna.id) == changed


async def test_a_new_password_raises_the_revision_and_a_login_does_not(users: UserStore) -> None:
    anna = await users.add(ANNA, at=NOW)
    assert (await users.set_password(anna.id, "other")).revision == 2
    await users.logged_in(anna.id, at=NOW)
    found = await users.named("anna")
    assert found is not None
    assert (found[0].revision, found[0].last_login_at, found[1]) == (2, NOW, "other")


async def test_users_come_in_pages_by_name(users: UserStore) -> None:
    for name in ("otto", "Anna", "Ben"):
        await users.add(attrs.evolve(ANNA, username=name), at=NOW)
    page, count = await users.all(limit=2, offset=1)
    assert ([user.username for user in page], count) == (["Ben", "otto"], 3)


async def test_a_removed_user_takes_his_sessions_along(users: UserStore, tokens: TokenStore) -> None:
    anna = await users.add(ANNA, at=NOW)
    session = Session(anna.id, NOW, NOW + timedelta(hours=1), revision=3)
    await tokens.add_session("digest", session)
    assert await tokens.session("digest") == session
    await users.remove(anna.id)
    assert await tokens.session("digest") is None
    with pytest.raises(UnknownUser):
        await users.remove(anna.id)


async def test_a_token_is_found_by_its_digest_used_and_revoked_once(tokens: TokenStore) -> None:
    token = await tokens.add_token(Token(0, "backup", Role.OPERATOR, NOW, None, "anna", container_ids=(4,)), "digest")
    assert await tokens.token("digest") == token
    assert await tokens.token("other") is None
    await tokens.token_used(token.id, at=NOW)
    for at in (NOW + timedelta(hours=1), NOW + timedelta(hours=2)):
        await tokens.revoke_token(token.id, at=at)
    assert await tokens.tokens() == [attrs.evolve(token, last_used_at=NOW, revoked_at=NOW + timedelta(hours=1))]
    with pytest.raises(UnknownToken):
        await tokens.revoke_token(99, at=NOW)


async def test_the_sweep_removes_what_has_expired_and_nothing_else(users: UserStore, tokens: TokenStore) -> None:
    anna = await users.add(ANNA, at=NOW)
    for number, end in enumerate((NOW, NOW + timedelta(seconds=1))):
        await tokens.add_session(f"s{number}", Session(anna.id, NOW, end))
        await tokens.add_token(Token(0, "t", Role.CLIENT, NOW, end, "anna"), f"t{number}")
    await tokens.add_token(Token(0, "for ever", Role.CLIENT, NOW, None, "anna"), "t9")
    assert await tokens.sweep(now=NOW) == 2
    assert await tokens.session("s0") is None
    assert await tokens.session("s1") is not None
    assert [token.expires_at for token in await tokens.tokens()] == [NOW + timedelta(seconds=1), None]
