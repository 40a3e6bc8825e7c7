"""What people may write down about miners."""

from typing import Any

import pytest

from lineman.core.miners.checks import CONTAINER, MINER, checked
from lineman.ports.errors import Invalid
from lineman.ports.miners import Maker
from lineman.ports.secrets import Secret


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("name", "  Miner-001 ", "Miner-001"),
        ("name", "Майнер ⛏ 1", "Майнер ⛏ 1"),
        ("ip_address", "127.0.0.1", "127.0.0.1"),
        ("ip_address", " 10.0.0.7 ", "10.0.0.7"),
        ("ip_address", "[2001:0DB8::0001]", "2001:db8::1"),
        ("ip_address", "::ffff:10.0.0.7", "10.0.0.7"),
        ("ip_address", "Miner-7.Farm.example", "miner-7.farm.example"),
        ("ip_address", "fe80::1%eth0", "fe80::1%eth0"),
        ("manufacturer", "whatsminer", Maker.WHATSMINER),
        ("manufacturer", "Elhapex", Maker.ELPHAPEX),
        ("manufacturer", " elphapex", Maker.ELPHAPEX),
        ("port", 65535, 65535),
        ("web_port", None, None),
        ("model", "  ", None),
        ("model", "anything at all", "anything at all"),
        ("container_id", None, None),
    ],
)
def test_what_is_right_is_kept_in_its_plain_form(field: str, given: Any, kept: Any) -> None:
    assert checked({field: given}, MINER) == {field: kept}


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", ""),
        ("name", None),
        ("name", "x" * 201),
        ("name", "two\nlines"),
        ("name", "a\x00b"),
        ("ip_address", ""),
        ("ip_address", "10.0.0.256"),
        ("ip_address", "10.0.0"),
        ("ip_address", "0.0.0.0"),
        ("ip_address", "224.0.0.1"),
        ("ip_address", "::ffff:255.255.255.255"),
        ("ip_address", "http://10.0.0.1/"),
        ("ip_address", "10.0.0.1:4028"),
        ("ip_address", "a" * 64),
        ("ip_address", "-miner"),
        ("ip_address", "mi ner"),
        ("port", 0),
        ("port", 70000),
        ("port", None),
        ("port", True),
        ("web_port", -1),
        ("api3_port", 65536),
        ("manufacturer", "Bitfury"),
        ("manufacturer", None),
        ("container_id", 0),
        ("container_id", 2**63),
        ("is_active", None),
        ("model", "x" * 201),
        ("username", "a\r\nb"),
        ("password", Secret("two\r\nlines")),
        ("password", Secret("x" * 1025)),
        ("colour", "red"),
    ],
)
def test_what_is_wrong_names_its_field(field: str, given: Any) -> None:
    with pytest.raises(Invalid) as raised:
        checked({field: given}, MINER)
    assert [error.field for error in raised.value.errors] == [field]
    assert raised.value.detail.startswith(f"{field}: ")


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(Invalid) as raised:
        checked({"name": "", "port": 70000, "ip_address": "10.0.0.1", "manufacturer": "Acme"}, MINER)
    assert [error.field for error in raised.value.errors] == ["name", "port", "manufacturer"]
    assert "Whatsminer, AntMiner, Avalon, Elphapex" in raised.value.detail


def test_a_description_may_have_lines_and_a_password_is_never_in_the_error() -> None:
    assert checked({"name": "C1", "description": "a\nb", "location": None}, CONTAINER)["description"] == "a\nb"
    with pytest.raises(Invalid) as raised:
        checked({"password": Secret("canary\n")}, MINER)
    assert "canary" not in str(raised.value.args)
