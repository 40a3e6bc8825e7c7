"""Tables as spreadsheets make them, and as they are given back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lineman.core.miners.table import EXPORTED, MOST_ROWS, decoded, read_csv, read_objects, write_csv
from lineman.ports.errors import Invalid, TooLarge
from lineman.ports.secrets import Secret


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        (b"name,ip_address\r\nrig,10.0.0.1\r\n", None),
        (b"\xef\xbb\xbfname,ip_address\r\nrig,10.0.0.1", None),
        (b"\xef\xbb\xbfsep=;\r\nname;ip_address\r\nrig;10.0.0.1\r\n", None),
        ("name\tip_address\r\nrig\t10.0.0.1\r\n".encode("utf-16"), None),
        (b"Name;IP;;\nrig;10.0.0.1;;\n\n;;;\n", None),
        (b'"name","address"\n" rig ","10.0.0.1"\n', "utf-8"),
        (b"name;ip_address\rrig;10.0.0.1\r".replace(b"\r", b"\n"), "windows-1251"),
    ],
)
def test_what_spreadsheets_save_is_read(raw: bytes, charset: str | None) -> None:
    (row,) = read_csv(decoded(raw, charset))
    assert (dict(row.fields), row.errors) == ({"name": "rig", "ip_address": "10.0.0.1"}, ())
    assert row.number == 2


def test_cyrillic_is_read_in_its_charset_and_refused_with_the_way_out_in_none() -> None:
    text = "name;ip_address;tags;is_active\r\n" + "Юг 1;10.0.0.1;ряд 1|север;да"
    for raw, charset in ((text.encode(), None), (text.encode("cp1251"), "windows-1251"), (text.encode("utf-16"), None)):
        (row,) = read_csv(decoded(raw, charset))
        assert row.fields["name"] == "Юг 1"
        assert (row.fields["tags"], row.fields["is_active"]) == (["ряд 1", "север"], True)
    with pytest.raises(Invalid, match="windows-1251"):
        decoded(text.encode("cp1251"))
    with pytest.raises(Invalid, match="no charset"):
        decoded(b"x", "klingon")


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("", None, "empty"),
        ("name,manufacturer\n", "ip_address", "needed"),
        ("name,ip_address,colour\nrig,10.0.0.1,red\n", "colour", "there are name, ip_address"),
        ("ip,address\n", "ip_address", "twice"),
        ('name,ip_address\n"rig,10.0.0.1\n', None, "row 2 cannot be read"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_as_a_whole(text: str, field: str | None, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        read_csv(text)
    assert [wrong.field for wrong in refused.value.errors] == ([field] if field else [])


@pytest.mark.parametrize(
    ("column", "cell"),
    [("port", "4028.0"), ("port", "-1"), ("port", "٤٠٢٨"), ("row", "one"), ("is_active", "maybe"), ("slot", "9" * 19)],
)
def test_a_cell_of_the_wrong_kind_is_an_error_of_its_row(column: str, cell: str) -> None:
    bad, good = read_csv(f"ip_address,{column}\n10.0.0.1,{cell}\n10.0.0.2,\n")
    assert [error.field for error in bad.errors] == [column]
    assert (dict(good.fields), good.errors) == ({"ip_address": "10.0.0.2"}, ())


def test_a_row_with_too_many_cells_is_not_shifted_silently() -> None:
    (row,) = read_csv("name,ip_address\nrig, with a comma,10.0.0.1\n")
    assert "3 cells" in row.errors[0].message


def test_objects_are_rows_and_what_is_none_is_an_error_of_its_own() -> None:
    one, two = read_objects([{"ip_address": "10.0.0.1", "password": "canary", "hash_rate": 7, "id": 3}, "rig"])
    assert one.fields == {"ip_address": "10.0.0.1", "password": Secret("canary")}
    assert "canary" not in repr(one)
    assert two.errors[0].message == "is no object"
    with pytest.raises(Invalid):
        read_objects({"ip_address": "10.0.0.1"})


def test_the_size_of_a_table_is_bound() -> None:
    with pytest.raises(TooLarge, match="10000 rows"):
        read_csv("ip_address\n" + "10.0.0.1\n" * (MOST_ROWS + 1))
    with pytest.raises(TooLarge):
        read_objects([{}] * (MOST_ROWS + 1))
    assert len(read_csv("ip_address\n" + "10.0.0.1\n" * MOST_ROWS)) == MOST_ROWS


def test_what_is_exported_can_be_read_back_and_no_cell_is_a_formula() -> None:
    row: dict[str, Any] = {
        "id": 7, "name": "=cmd|' /C calc'!A0", "ip_address": "10.0.0.1", "manufacturer": "AntMiner", "port": 4028,
        "container": "Halle \"N\", 1", "tags": ("ряд 1", "x"), "is_active": False, "username": "-root",
        "created_at": datetime(2026, 11, 24, tzinfo=UTC), "hash_rate": 98.5, "hash_rate_unit": "TH/s",
    }  # fmt: skip
    for separator in ",;":
        text = write_csv([row], separator=separator)
        assert f"{separator}'=cmd" in text
        (back,) = read_csv(text)
        assert back.errors == ()
        assert back.fields == {
            "name": row["name"], "ip_address": "10.0.0.1", "manufacturer": "AntMiner", "port": 4028,
            "container": row["container"], "tags": ["ряд 1", "x"], "is_active": False, "username": "-root",
        }  # fmt: skip
    assert "password" not in EXPORTED
