"""Identity's rules: names, passwords, rights, the last admin, and how fast one may guess."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from lineman.core.identity.rules import (
    LastAdmin,
    WeakPassword,
    actor_of,
    actor_of_token,
    check_last_admin,
    check_password,
    checked_email,
    checked_name,
    open_role,
    orphans,
    valid,
    within,
)
from lineman.core.identity.throttle import ACCOUNT, ADDRESS, Throttle
from lineman.core.identity.users import UserEdit, edited
from lineman.ports.errors import Invalid, TooManyRequests
from lineman.ports.identity import Actor, Role, Token, User
from lineman.ports.secrets import Secret

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ADMIN = Actor("root", Role.ADMIN)


def user(role: Role = Role.ADMIN, *, active: bool = True, containers: tuple[int, ...] = ()) -> User:
    return User(1, "anna", None, role, active, NOW, containers)


def token(number: int, maker: str, role: Role = Role.OPERATOR, **fields: Any) -> Token:
    return attrs.evolve(Token(number, "t", role, NOW, None, maker), **fields)


@pytest.mark.parametrize("name", ["anna", "Анна", "a", "anna.b-c_d@e+f", "9lives", "x" * 64])
def test_a_name_may_be(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "_a", ".a", "a b", "a\n", "a\0", "x" * 65, "a/b", "cli", "System", "\uff43\uff4c\uff49", "token 1 (t)"]
)
def test_a_name_may_not_be(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_name(name)
    assert caught.value.errors[0].field == "username"


@pytest.mark.parametrize(("given", "kept"), [(None, None), ("", None), ("a@b", "a@b")])
def test_an_address_is_kept_or_none(given: str | None, kept: str | None) -> None:
    assert checked_email(given) == kept


@pytest.mark.parametrize("email", ["a", "a@", "@b", "a b@c", "a@b\n", "a@" + "b" * 200])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Invalid):
        checked_email(email)


@pytest.mark.parametrize("password", ["", "ninechars", "ä" * 513, "Anna.Karenina"])
def test_a_weak_password_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(WeakPassword) as caught:
        check_password(Secret(password), "anna.karenina")
    assert not password or password not in caught.value.detail


@pytest.mark.parametrize("password", ["ten chars!", "ä" * 512])
def test_length_is_all_that_a_password_needs(password: str) -> None:
    check_password(Secret(password), "anna")


@pytest.mark.parametrize(
    ("text", "role"), [("client", Role.CLIENT), (" CLIENT ", Role.CLIENT), ("Accountant", Role.ACCOUNTANT)]
)
def test_one_can_register_as_client_or_accountant_in_any_case(text: str, role: Role) -> None:
    assert open_role(text) is role


@pytest.mark.parametrize("text", ["admin", "ADMIN", "operator", "enterprise_admin", "", "root"])
def test_one_can_register_as_nothing_else(text: str) -> None:
    with pytest.raises(Invalid, match="client or accountant"):
        open_role(text)


def test_a_client_without_containers_is_confined_to_none_and_not_to_all() -> None:
    assert actor_of(user(Role.CLIENT)).container_ids == frozenset()
    assert actor_of(user(Role.CLIENT, containers=(1, 2))).container_ids == frozenset({1, 2})
    assert actor_of(user(Role.ACCOUNTANT)).container_ids is None
    assert actor_of_token(token(1, "root", Role.CLIENT)).container_ids == frozenset()


@pytest.mark.parametrize(
    ("inner", "outer", "fits"),
    [
        (Role.OPERATOR, Role.ADMIN, True),
        (Role.ADMIN, Role.ADMIN, True),
        (Role.ADMIN, Role.OPERATOR, False),
        (Role.OPERATOR, Role.ACCOUNTANT, False),
        (Role.ACCOUNTANT, Role.OPERATOR, True),
        (Role.CLIENT, Role.ACCOUNTANT, True),
    ],
)
def test_rights_lie_within_rights(inner: Role, outer: Role, fits: bool) -> None:
    assert within(Actor("i", inner), Actor("o", outer)) is fits


@pytest.mark.parametrize(
    ("inner", "outer", "fits"),
    [({1}, {1, 2}, True), ({1, 3}, {1, 2}, False), (None, {1}, False), ({1}, None, True), (set(), {1}, True)],
)
def test_who_is_confined_gives_no_more_than_he_sees(inner: set[int] | None, outer: set[int] | None, fits: bool) -> None:
    def client(ids: set[int] | None) -> Actor:
        return Actor("c", Role.CLIENT, container_ids=None if ids is None else frozenset(ids))

    assert within(client(inner), client(outer)) is fits


def test_a_token_opens_until_it_expires_or_is_revoked() -> None:
    later = NOW + timedelta(seconds=1)
    assert valid(token(1, "root"), NOW)
    assert valid(token(1, "root", expires_at=later), NOW)
    assert not valid(token(1, "root", expires_at=NOW), NOW)
    assert not valid(token(1, "root", revoked_at=NOW), NOW)


def test_tokens_end_with_the_rights_of_their_maker_and_so_do_those_made_with_them() -> None:
    tokens = [
        token(1, "anna", Role.ADMIN),
        token(2, "anna", Role.ACCOUNTANT),
        token(3, "token 1 (t)", Role.ACCOUNTANT),
        token(4, "boris", Role.ADMIN),
        token(5, "anna", Role.ADMIN, revoked_at=NOW),
    ]
    assert [ended.id for ended in orphans(tokens, "anna", None)] == [1, 3, 2]
    assert [ended.id for ended in orphans(tokens, "anna", Actor("anna", Role.OPERATOR))] == [1, 3]
    assert orphans(tokens, "anna", ADMIN) == []


@pytest.mark.parametrize("after", [None, user(Role.OPERATOR), user(active=False)])
def test_the_last_admin_stays(after: User | None) -> None:
    with pytest.raises(LastAdmin):
        check_last_admin(user(), after, 1)
    check_last_admin(user(), after, 2)
    check_last_admin(user(Role.OPERATOR), after, 1)
    check_last_admin(user(active=False), after, 1)


def test_an_edit_changes_what_it_names_and_a_new_role_drops_old_confinement() -> None:
    client = attrs.evolve(user(Role.CLIENT, containers=(2,)), email="a@b")
    assert edited(client, UserEdit()) == client
    assert edited(client, UserEdit(container_ids=(3, 1, 3))).container_ids == (1, 3)
    assert edited(client, UserEdit(email="")).email is None
    promoted = edited(client, UserEdit(role=Role.OPERATOR, is_active=False))
    assert (promoted.role, promoted.is_active, promoted.container_ids) == (Role.OPERATOR, False, ())


def test_a_confinement_without_effect_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        edited(user(Role.ACCOUNTANT), UserEdit(container_ids=(1,)))
    assert caught.value.errors[0].field == "container_ids"


def test_an_account_stands_ten_tries_and_then_ten_a_minute() -> None:
    throttle = Throttle()
    for place in range(ACCOUNT.burst):
        throttle.attempt("anna", f"10.0.0.{place}", now=0)
    with pytest.raises(TooManyRequests) as caught:
        throttle.attempt("\uff21NNA", "10.0.0.99", now=0)
    assert caught.value.retry_after == pytest.approx(6)
    throttle.attempt("boris", "10.0.0.99", now=0)
    throttle.attempt("anna", "10.0.0.99", now=6.1)


def test_an_address_cannot_go_through_the_accounts_nor_through_its_own_64_bits() -> None:
    throttle = Throttle()
    for number in range(ADDRESS.burst):
        throttle.attempt(f"user{number}", f"2001:db8::{number:x}", now=0)
    with pytest.raises(TooManyRequests):
        throttle.attempt("another", "2001:db8::ffff", now=0)
    throttle.attempt("another", "2001:db8:0:1::1", now=0)


def test_a_good_login_makes_the_account_whole_again() -> None:
    throttle = Throttle()
    for _ in range(40):
        throttle.attempt("anna", "10.0.0.1", now=0)
        throttle.succeeded("anna", "10.0.0.1", now=0)


def test_the_buckets_stay_few_however_many_names_are_tried() -> None:
    throttle = Throttle(bound=50)
    for number in range(1000):
        throttle.attempt(f"user{number}", f"10.0.{number // 250}.{number % 250}", now=0)
    assert len(throttle._buckets) == 50


def test_a_clock_that_goes_back_gives_no_tries() -> None:
    throttle = Throttle()
    for _ in range(ACCOUNT.burst):
        throttle.attempt("anna", "10.0.0.1", now=1000)
    with pytest.raises(TooManyRequests):
        throttle.attempt("anna", "10.0.0.1", now=0)
