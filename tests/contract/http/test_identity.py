"""Logging in, users, tokens and the journal over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import httpx
import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.db.tokens import SqlTokens
from lineman.adapters.http.app import Faces, build_app
from lineman.core.identity import Policy, UserEdit
from lineman.core.identity.login import Unwritten
from lineman.core.identity.rules import LastAdmin, WeakPassword
from lineman.ports.errors import Unavailable
from lineman.ports.identity import Actor, Role, TokenMint
from lineman.ports.journal import Entry
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
LogIn = Callable[[str, str], Awaitable[httpx.AsyncClient]]


async def add(admin: httpx.AsyncClient, username: str = "anna", **fields: Any) -> dict[str, Any]:
    answer = await admin.post("/api/users", json={"username": username, "password": PASSWORD, **fields})
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_login_gives_a_bearer_token_that_tells_who_one_is(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/auth/login", json={"username": "ADMIN", "password": PASSWORD})
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["user"]["username"]) == ("bearer", 3600, "admin")
    me = (await admin.get("/api/auth/me")).json()
    assert (me["name"], me["role"], me["csrf"]) == ("admin", "admin", None)
    assert "manage-users" in me["permissions"]
    assert me["user"]["last_login_at"] is not None


async def test_a_wrong_name_and_a_wrong_password_look_the_same(nobody: httpx.AsyncClient) -> None:
    answers = [
        await nobody.post("/api/auth/login", json={"username": name, "password": word})
        for name, word in (("admin", "wrong password"), ("nobody-here", PASSWORD), ("admin", ""))
    ]
    assert [problem(answer) for answer in answers] == [(401, "bad-login")] * 3
    assert len({answer.text for answer in answers}) == 1


async def test_a_bearer_token_ends_in_time(admin: httpx.AsyncClient, mint: TokenMint) -> None:
    claims: dict[str, object] = {"kind": "login", "sub": "1", "rev": 1}
    late = mint.mint(claims, expires_at=datetime.now(UTC) - timedelta(seconds=1)).reveal()
    answer = await admin.get("/api/auth/me", headers={"authorization": f"Bearer {late}"})
    assert problem(answer) == (401, "not-logged-in")


@pytest.mark.parametrize(
    "change",
    [{"role": "operator"}, {"is_active": False}, {"email": "a@b"}, {"container_ids": [], "role": "accountant"}],
)
async def test_whoever_is_changed_must_log_in_again(
    admin: httpx.AsyncClient, log_in: LogIn, change: dict[str, Any]
) -> None:
    anna = await add(admin)
    client = await log_in("anna", PASSWORD)
    assert (await client.get("/api/auth/me")).status_code == 200
    assert (await admin.put(f"/api/users/{anna['id']}", json=change)).status_code == 200
    assert problem(await client.get("/api/auth/me")) == (401, "not-logged-in")


async def test_a_change_of_nothing_ends_nothing(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    anna = await add(admin, role="operator")
    client = await log_in("anna", PASSWORD)
    assert (await admin.put(f"/api/users/{anna['id']}", json={"role": "operator"})).json()["revision"] == 1
    assert (await client.get("/api/auth/me")).status_code == 200


async def test_who_is_not_active_is_told_so_only_with_the_right_password(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    await add(admin, is_active=False)
    right = await nobody.post("/api/auth/login", json={"username": "anna", "password": PASSWORD})
    wrong = await nobody.post("/api/auth/login", json={"username": "anna", "password": "wrong password"})
    assert (problem(right), problem(wrong)) == ((403, "not-allowed"), (401, "bad-login"))


async def test_users_are_listed_in_pages_by_name(admin: httpx.AsyncClient) -> None:
    for name in ("Zoe", "boris", "Anna"):
        await add(admin, name)
    answer = await admin.get("/api/users", params={"limit": 2, "offset": 1})
    assert [user["username"] for user in answer.json()] == ["Anna", "boris"]
    assert answer.headers["x-total-count"] == "4"
    assert "password" not in answer.text


async def test_put_changes_the_fields_it_names(admin: httpx.AsyncClient) -> None:
    anna = await add(admin, email="a@b", role="operator")
    path = f"/api/users/{anna['id']}"
    assert (await admin.put(path, json={"is_active": False})).json() == {**anna, "is_active": False, "revision": 2}
    assert (await admin.put(path, json={"email": None})).json()["email"] is None
    assert problem(await admin.put(path, json={"password": PASSWORD})) == (422, "bad-body")


async def test_if_match_guards_a_user(admin: httpx.AsyncClient) -> None:
    path = f"/api/users/{(await add(admin))['id']}"
    tag = (await admin.get(path)).headers["etag"]
    changed = await admin.put(path, json={"is_active": False}, headers={"if-match": tag})
    assert changed.headers["etag"] != tag
    assert problem(await admin.put(path, json={"is_active": True}, headers={"if-match": tag})) == (412, "stale")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": "cli"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"email": "nonsense"}, "email"),
        ({"role": "king"}, "role"),
        ({"container_ids": [77]}, "container_ids"),
        ({"container_ids": [1], "role": "operator"}, "container_ids"),
        ({"enterprise_numbers": ["1"]}, "enterprise_numbers"),
    ],
)
async def test_a_wrong_field_of_a_user_is_named(admin: httpx.AsyncClient, fields: dict[str, Any], field: str) -> None:
    answer = await admin.post("/api/users", json={"username": "anna", "password": PASSWORD, **fields})
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_a_name_is_taken_in_any_case(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/api/users", json={"username": "Admin", "password": PASSWORD})
    assert problem(answer) == (409, "user-exists")


async def test_the_last_admin_can_be_neither_removed_nor_demoted(admin: httpx.AsyncClient) -> None:
    assert problem(await admin.delete("/api/users/1")) == (409, "last-admin")
    for change in ({"role": "operator"}, {"is_active": False}):
        assert problem(await admin.put("/api/users/1", json=change)) == (409, "last-admin")
    made = await admin.post("/api/auth/admin/create", json={"username": "second", "password": PASSWORD})
    assert (made.status_code, made.json()["role"]) == (201, "admin")
    assert (await admin.delete("/api/users/1")).status_code == 204


async def test_a_removed_user_is_gone_with_his_login(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    anna = await add(admin)
    client = await log_in("anna", PASSWORD)
    assert (await admin.delete(f"/api/users/{anna['id']}")).status_code == 204
    assert problem(await client.get("/api/auth/me")) == (401, "not-logged-in")
    assert problem(await admin.get(f"/api/users/{anna['id']}")) == (404, "unknown-user")
    assert problem(await admin.delete(f"/api/users/{anna['id']}")) == (404, "unknown-user")


@pytest.mark.parametrize("role", ["operator", "accountant", "client", "enterprise_admin"])
async def test_only_admins_manage_users_and_tokens(admin: httpx.AsyncClient, log_in: LogIn, role: str) -> None:
    await add(admin, role=role)
    client = await log_in("anna", PASSWORD)
    new = {"username": "x", "password": PASSWORD}
    answers = [
        await client.get("/api/users"), await client.get("/api/users/1"), await client.post("/api/users", json=new),
        await client.put("/api/users/2", json={"role": "admin"}), await client.delete("/api/users/1"),
        await client.post("/api/users/1/password", json={"password": PASSWORD}),
        await client.post("/api/auth/admin/create", json=new),
        await client.get("/api/tokens"), await client.post("/api/tokens", json={"name": "t", "role": "client"}),
        await client.delete("/api/tokens/1"),
    ]  # fmt: skip
    assert {problem(answer) for answer in answers} == {(403, "not-allowed")}


async def test_a_user_changes_his_password_with_the_old_one(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    await add(admin)
    client = await log_in("anna", PASSWORD)

    async def change(old: str, new: str) -> httpx.Response:
        return await client.post("/api/auth/password", json={"old_password": old, "new_password": new})

    assert problem(await change("wrong password", "another password")) == (401, "bad-login")
    assert problem(await change(PASSWORD, "short")) == (422, "weak-password")
    assert (await change(PASSWORD, "another password")).status_code == 204
    assert problem(await client.get("/api/auth/me")) == (401, "not-logged-in")
    await log_in("anna", "another password")


async def test_an_admin_gives_a_new_password(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    anna = await add(admin)
    answer = await admin.post(f"/api/users/{anna['id']}/password", json={"password": "another password"})
    assert answer.status_code == 204
    await log_in("anna", "another password")


async def test_registration_is_closed_unless_it_is_opened(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.post("/api/auth/register", json={"username": "anna", "password": PASSWORD, "role": "client"})
    assert problem(answer) == (403, "not-allowed")


@pytest.mark.parametrize("policy", [Policy(registration_open=True)])
async def test_who_registers_waits_for_an_admin(nobody: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    body = {"username": "anna", "password": PASSWORD, "role": "ACCOUNTANT", "email": "a@b"}
    made = await nobody.post("/api/auth/register", json=body)
    assert (made.status_code, made.json()["role"], made.json()["is_active"]) == (201, "accountant", False)
    assert problem(await nobody.post("/api/auth/register", json={**body, "username": "b", "role": "ADMIN"})) == (
        422, "invalid",
    )  # fmt: skip
    login = {"username": "anna", "password": PASSWORD}
    assert problem(await nobody.post("/api/auth/login", json=login)) == (403, "not-allowed")
    assert (await admin.put(f"/api/users/{made.json()['id']}", json={"is_active": True})).status_code == 200
    assert (await nobody.post("/api/auth/login", json=login)).status_code == 200


async def make_token(admin: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await admin.post("/api/tokens", json={"name": "ci", "role": "operator", **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_token_lets_a_script_in_until_it_is_revoked(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    made = await make_token(admin)
    assert made["token"].startswith("lm_")
    nobody.headers["authorization"] = f"bearer {made['token']}"
    me = (await nobody.get("/api/auth/me")).json()
    assert (me["name"], me["role"], me["user"]) == (f"token {made['id']} (ci)", "operator", None)
    [listed] = (await admin.get("/api/tokens")).json()
    assert listed == {key: value for key, value in made.items() if key != "token"} | {
        "last_used_at": listed["last_used_at"]
    }
    assert listed["last_used_at"] is not None
    assert (await admin.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert problem(await nobody.get("/api/auth/me")) == (401, "not-logged-in")
    assert problem(await admin.delete("/api/tokens/99")) == (404, "unknown-token")


async def test_the_last_use_of_a_token_is_written_once_a_minute(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, advance: Callable[[float], None]
) -> None:
    nobody.headers["authorization"] = f"Bearer {(await make_token(admin))['token']}"
    seen = []
    for seconds in (0, 59, 1):
        advance(seconds)
        await nobody.get("/api/auth/me")
        seen.append((await admin.get("/api/tokens")).json()[0]["last_used_at"])
    assert seen[0] == seen[1] < seen[2]


async def test_a_token_is_good_while_its_use_cannot_be_written(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody.headers["authorization"] = f"Bearer {(await make_token(admin))['token']}"

    async def full(*_: object, **__: object) -> None:
        raise Unavailable("the disk is full", retry_after=5.0)

    monkeypatch.setattr(SqlTokens, "token_used", full)
    assert (await nobody.get("/api/auth/me")).status_code == 200


async def test_a_token_expires(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, advance: Callable[[float], None]
) -> None:
    nobody.headers["authorization"] = f"Bearer {(await make_token(admin, expires_in_days=1))['token']}"
    advance(86399)
    assert (await nobody.get("/api/auth/me")).status_code == 200
    advance(1)
    assert problem(await nobody.get("/api/auth/me")) == (401, "not-logged-in")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00Z", "expires_in_days": 1}, "expires_at"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"name": ""}, "name"),
        ({"role": "client", "container_ids": [5]}, "container_ids"),
        ({"role": "admin", "container_ids": [5]}, "container_ids"),
    ],
)
async def test_a_wrong_field_of_a_token_is_named(admin: httpx.AsyncClient, fields: dict[str, Any], field: str) -> None:
    answer = await admin.post("/api/tokens", json={"name": "ci", "role": "operator", **fields})
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_tokens_end_with_the_rights_of_their_maker(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    anna = await add(admin, role="admin")
    maker = await log_in("anna", PASSWORD)
    strong, weak = await make_token(maker, role="admin"), await make_token(maker, role="client")
    script = await log_in("", "")
    script.headers["authorization"] = f"Bearer {strong['token']}"
    child = await make_token(script, role="operator")
    assert child["created_by"] == f"token {strong['id']} (ci)"
    await admin.put(f"/api/users/{anna['id']}", json={"role": "operator"})
    live = {token["id"] for token in (await admin.get("/api/tokens")).json() if token["revoked_at"] is None}
    assert live == {weak["id"]}


async def test_the_journal_tells_who_did_what(admin: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    await add(admin)
    await nobody.post("/api/auth/login", json={"username": "anna", "password": "wrong password"})
    await nobody.post("/api/auth/login", json={"username": "my-secret-typed-here", "password": "wrong password"})
    entries = (await admin.get("/api/journal", params={"action": "identity."})).json()
    assert [(entry["actor"], entry["action"], entry["subject"], entry["outcome"]) for entry in entries] == [
        ("nobody", "identity.log-in", "user nobody", "refused"),
        ("nobody", "identity.log-in", "user anna", "refused"),
        ("admin", "identity.add-user", "user anna", "ok"),
        ("admin", "identity.log-in", "user admin", "ok"),
        ("system", "identity.add-user", "user admin", "ok"),
    ]
    assert "my-secret-typed-here" not in str(entries)
    part = await admin.get("/api/journal", params={"subject": "user anna", "limit": 1})
    assert (len(part.json()), part.headers["x-total-count"]) == (1, "2")


async def test_clients_do_not_read_the_journal(admin: httpx.AsyncClient, log_in: LogIn) -> None:
    await add(admin)
    assert problem(await (await log_in("anna", PASSWORD)).get("/api/journal")) == (403, "not-allowed")


async def test_the_first_start_makes_an_admin_with_the_password_that_was_set_or_a_made_up_one(
    faces: Faces, admin: httpx.AsyncClient, log_in: LogIn
) -> None:
    identity = faces.identity
    assert await identity.ensure_admin(Secret("never used, there is one")) is None
    await identity.users.remove(1)
    with pytest.raises(WeakPassword) as caught:
        await identity.ensure_admin(Secret("short"))
    assert caught.value.errors[0].field == "LINEMAN_ADMIN_PASSWORD"
    assert await identity.ensure_admin(Secret("this one was set")) is None
    await log_in("admin", "this one was set")
    await identity.users.remove((await identity.users.all())[0][0].id)
    made_up = await identity.ensure_admin()
    assert made_up is not None
    assert len(made_up.reveal()) >= 40
    await log_in("admin", made_up.reveal())


async def test_two_admins_cannot_demote_each_other_at_the_same_moment(admin: httpx.AsyncClient, faces: Faces) -> None:
    other = await add(admin, "other", role="admin")
    actor, outcomes = Actor("root", Role.ADMIN), []

    async def demote(user_id: int) -> None:
        try:
            await faces.users.change(actor, user_id, UserEdit(role=Role.OPERATOR))
            outcomes.append("demoted")
        except LastAdmin:
            outcomes.append("last")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(demote, 1)
        tasks.start_soon(demote, other["id"])
    assert sorted(outcomes) == ["demoted", "last"]


async def test_expired_sessions_are_swept(
    faces: Faces, nobody: httpx.AsyncClient, advance: Callable[[float], None]
) -> None:
    await nobody.post("/api/auth/session", json={"username": "admin", "password": PASSWORD})
    assert await faces.identity.sweep() == 0
    advance(12 * 3600)
    assert await faces.identity.sweep() == 1


class FullDisk(SqlJournal):
    """What a journal does where nothing can be written any more."""

    async def write(self, entry: Entry) -> None:
        raise Unavailable("The database cannot be used: database or disk is full")


async def test_on_a_full_disk_one_gets_in_by_password_and_it_is_told_elsewhere(faces: Faces, store: Database) -> None:
    told = list[tuple[str, str]]()
    unwritten = Unwritten(tell=lambda entry, error: told.append((entry.subject, error)))
    identity = attrs.evolve(faces.identity, journal=FullDisk(store), unwritten=unwritten)
    app = build_app(attrs.evolve(faces, identity=identity), systems={})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        answer = await client.post("/api/auth/login", json={"username": "admin", "password": PASSWORD})
        assert answer.status_code == 200
        seen = {"authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await client.get("/api/users", headers=seen)).status_code == 200
        assert told == [("user admin", "The database cannot be used: database or disk is full")]
        assert unwritten.count == 1
        wrong = await client.post("/api/auth/login", json={"username": "admin", "password": "something else"})
        assert (wrong.status_code, unwritten.count) == (503, 1)
