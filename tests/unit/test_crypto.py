"""Secrets at rest, password hashes and JWTs."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from lineman.adapters.crypto.keys import derived, fernet_key, split_keys
from lineman.adapters.crypto.passwords import Argon2Hash
from lineman.adapters.crypto.tokens import JwtMint
from lineman.adapters.crypto.vault import FernetVault
from lineman.ports.errors import Invalid
from lineman.ports.secrets import Sealed, Secret

OLD, NEW = Secret("the first key, long enough"), Secret("the second key, long enough")
SOON = datetime.now(UTC) + timedelta(days=1)


def test_what_is_sealed_cannot_be_read_and_comes_back_with_any_of_the_keys() -> None:
    sealed = FernetVault([OLD]).seal(Secret("пароль"))
    assert "пароль" not in sealed
    assert FernetVault([NEW, OLD]).unseal(sealed) == Secret("пароль")
    for other in (FernetVault([NEW]), FernetVault([Secret(OLD.reveal() + "!")])):
        with pytest.raises(Sealed):
            other.unseal(sealed)
    for broken in ("", "nonsense", sealed[:-4]):
        with pytest.raises(Sealed):
            FernetVault([OLD]).unseal(broken)


def test_a_key_of_fernet_s_own_form_is_used_as_it_is() -> None:
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    assert fernet_key(Secret(key)) == key.encode()
    assert fernet_key(OLD) != OLD.reveal().encode()
    assert derived(OLD, "tokens") != derived(OLD, "secrets at rest")


def test_keys_come_newest_first_and_none_is_short() -> None:
    assert split_keys(Secret(f" {NEW.reveal().replace(',', ';')} , {OLD.reveal().replace(',', ';')},")) == (
        Secret(NEW.reveal().replace(",", ";")),
        Secret(OLD.reveal().replace(",", ";")),
    )
    for setting in ("", " , ", "short", f"{'x' * 20},short"):
        with pytest.raises(Invalid) as caught:
            split_keys(Secret(setting))
        assert [error.field for error in caught.value.errors] == ["secret_keys"]


@pytest.mark.anyio
async def test_a_password_matches_its_hash_and_nothing_else_does() -> None:
    hasher = Argon2Hash()
    stored = await hasher.hash(Secret("correct horse"))
    assert stored.startswith("$argon2id$")
    assert await hasher.verify(stored, Secret("correct horse"))
    assert not await hasher.verify(stored, Secret("correct horse "))
    assert not await hasher.verify("no hash", Secret("correct horse"))
    assert not hasher.outdated(stored)
    assert hasher.outdated("no hash")
    assert hasher.outdated(stored.replace("m=19456", "m=1024"))


def test_a_token_gives_its_claims_back_also_after_a_rotation() -> None:
    token = JwtMint([OLD]).mint({"sub": "7"}, expires_at=SOON).reveal()
    for mint in (JwtMint([OLD]), JwtMint([NEW, OLD])):
        assert (mint.read(token) or {}).get("sub") == "7"
    assert JwtMint([NEW]).read(token) is None


def test_a_token_that_was_tampered_with_is_none() -> None:
    mint = JwtMint([OLD])
    head, body, signature = mint.mint({"role": "client"}, expires_at=SOON).reveal().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = _part({**claims, "role": "admin"})
    none = _part({"alg": "none", "typ": "JWT"})
    other = ("B" if signature[0] == "A" else "A") + signature[1:]
    for token in (
        f"{head}.{forged}.{signature}", f"{none}.{forged}.", f"{none}.{body}.{signature}", f"{head}.{body}.",
        f"{head}.{body}", "", "a.b.c", "x" * 10_000, f"{head}.{body}.{other}",
    ):  # fmt: skip
        assert mint.read(token) is None


def test_a_token_needs_our_audience_our_algorithm_and_an_end_that_has_not_come() -> None:
    mint, key = JwtMint([OLD]), derived(OLD, "tokens")
    assert mint.read(mint.mint({"sub": "7"}, expires_at=datetime.now(UTC) - timedelta(seconds=1)).reveal()) is None
    assert mint.read(jwt.encode({"sub": "7", "exp": SOON, "aud": "lineman"}, key, algorithm="HS256")) is not None
    assert mint.read(jwt.encode({"sub": "7", "aud": "lineman"}, key, algorithm="HS256")) is None
    assert mint.read(jwt.encode({"sub": "7", "exp": SOON}, key, algorithm="HS256")) is None
    assert mint.read(jwt.encode({"sub": "7", "exp": SOON, "aud": "other"}, key, algorithm="HS256")) is None
    assert mint.read(jwt.encode({"exp": SOON, "aud": "lineman"}, key * 2, algorithm="HS512")) is None


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
