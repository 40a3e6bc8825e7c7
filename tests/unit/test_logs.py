"""What the log never shows."""

import pytest

from lineman.adapters.logs import mask, masked
from lineman.ports.secrets import Secret


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:canary123@db/lineman",
        "Authorization: Bearer canary123.canary123",
        "GET /login?password=canary123&x=1",
        "token lm_canary123canary123 refused",
    ],
)
def test_credentials_inside_texts_are_masked(text: str) -> None:
    assert "canary123" not in masked(text)


def test_a_field_named_like_a_secret_is_masked_and_others_stay() -> None:
    event = mask(None, "info", {"event": "log in", "password": "canary", "user": "anna", "key": Secret("canary")})
    assert event["password"] == "***"
    assert event["user"] == "anna"
    assert "canary" not in str(event)
