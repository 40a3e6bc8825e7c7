"""Tables in and out over HTTP, and the same done to many: the shapes, the media types, and what is refused."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from lineman.ports.identity import Actor, Role
from lineman.service import Service, opened_service
from lineman.settings import Settings

from .test_places import asked_by

pytestmark = pytest.mark.anyio

TABLE = """\
name;IP;maker;model;tags;password
Юг 1;10.0.0.1;whatsminer;M50;ряд 1|a;canary-1
bad;10.0.0.300;Avalon;;;
"""


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    settings = Settings(database=f"sqlite:///{tmp_path}/lineman.db", body_limit=1 << 16)
    async with opened_service(settings, works=False) as opened:
        yield opened


@pytest.fixture
async def operator(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with asked_by(service, Actor("olga", Role.OPERATOR)) as client:
        yield client


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (TABLE.encode(), "text/csv"),
        (TABLE.encode("utf-8-sig"), "text/csv; charset=utf-8"),
        (TABLE.encode("cp1251"), 'text/csv; charset="windows-1251"'),
        (TABLE.encode("utf-16"), "application/vnd.ms-excel"),
    ],
)
async def test_a_spreadsheet_is_tried_then_imported_then_exported(
    operator: httpx.AsyncClient, raw: bytes, kind: str
) -> None:
    headers = {"content-type": kind}
    dry = (await operator.post("/api/miners/import?dry_run=true", content=raw, headers=headers)).json()
    assert (dry["dry_run"], dry["added"], dry["failed"]) == (True, 1, 1)
    assert (await operator.get("/api/miners")).json() == []
    done = (await operator.post("/api/miners/import", content=raw, headers=headers)).json()
    assert {name: done[name] for name in ("dry_run", "added", "changed", "same", "failed")} == {
        "dry_run": False, "added": 1, "changed": 0, "same": 0, "failed": 1,
    }  # fmt: skip
    good, bad = done["rows"]
    assert good == {"row": 2, "status": "added", "miner_id": 1, "name": "Юг 1", "errors": []}
    assert (bad["row"], bad["status"], bad["miner_id"], bad["errors"][0]["field"]) == (3, "error", None, "ip_address")

    export = await operator.get("/api/miners/export", params={"search": "юг"})
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="miners.csv"' in export.headers["content-disposition"]
    head, line, rest = export.text.split("\r\n")
    assert (line.split(",")[:3], rest) == (["1", "Юг 1", "10.0.0.1"], "")
    assert {"hash_rate", "hash_rate_unit", "power_unit", "tags"} <= set(head.split(","))
    assert "canary" not in export.text
    excel = await operator.get("/api/miners/export?excel=true")
    assert excel.content.startswith("\ufeffid;name;".encode())
    (row,) = (await operator.get("/api/miners/export?format=json")).json()
    assert (row["name"], row["tags"], row["port"]) == ("Юг 1", ["a", "ряд 1"], 4028)
    assert (await operator.get("/api/miners/export?format=json&search=none")).json() == []
    again = await operator.post("/api/miners/import?update=true", json=[row | {"model": "M60"}])
    assert (again.json()["changed"], again.json()["failed"]) == (1, 0)


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'[{"name":"\\u0000"}]', "application/json", 422),
        (b"<xml/>", "application/xml", 422),
        ("name;IP\r\n 'Юг';10.0.0.1".encode("cp1251"), "text/csv", 422),
        (b"ip_address\n" + b"10.0.0.1\n" * 10_000, "text/csv", 413),
    ],
)
async def test_a_table_that_cannot_be_read_changes_nothing(
    operator: httpx.AsyncClient, raw: bytes, kind: str, status: int
) -> None:
    refused = await operator.post("/api/miners/import", content=raw, headers={"content-type": kind})
    assert refused.status_code == status
    assert refused.json()["detail"]
    assert (await operator.get("/api/journal", params={"action": "miners.import"})).json() == []


async def test_a_bulk_tells_of_each_and_asks_before_it_removes(operator: httpx.AsyncClient) -> None:
    rows = [{"ip_address": f"10.0.0.{n}", "manufacturer": "Avalon"} for n in (1, 2, 3)]
    await operator.post("/api/miners/import", json=rows)
    tagged = await operator.post("/api/miners/bulk", json={"action": "tag", "ids": [1, 9], "tags": ["x"]})
    assert tagged.json() == {
        "done": 1, "failed": 1,
        "rows": [{"miner_id": 1, "ok": True, "error": None},
                 {"miner_id": 9, "ok": False, "error": "There is no miner 9"}],
    }  # fmt: skip
    everything = {"action": "remove", "filter": {"manufacturer": "avalon"}}
    refused = await operator.post("/api/miners/bulk", json=everything)
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation-needed")
    for body, field in (
        ({"action": "explode", "ids": [1]}, "action"),
        ({"action": "tag", "filter": {"colour": 1}, "tags": ["x"]}, "filter.colour"),
        ({"action": "poll"}, "ids"),
    ):
        wrong = await operator.post("/api/miners/bulk", json=body)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, field)
    assert (await operator.post("/api/miners/bulk", json=everything | {"confirm": True})).json()["done"] == 3
    (line, *_) = (await operator.get("/api/journal", params={"action": "miners.bulk-remove"})).json()
    assert (line["actor"], line["detail"]) == ("olga", "3 done, 0 failed")


async def test_a_client_exports_his_own_and_imports_nothing(service: Service, operator: httpx.AsyncClient) -> None:
    await operator.post("/api/containers", json={"name": "his"})
    rows = [{"ip_address": "10.0.0.1", "manufacturer": "Avalon", "container": "his", "username": "root"}]
    await operator.post("/api/miners/import", json=[*rows, {"ip_address": "10.0.0.2", "manufacturer": "Avalon"}])
    async with asked_by(service, Actor("carl", Role.CLIENT, container_ids=frozenset({1}))) as client:
        (row,) = (await client.get("/api/miners/export?format=json")).json()
        assert (row["ip_address"], row["container"], row["username"]) == ("10.0.0.1", "his", None)
        assert (await client.post("/api/miners/import", json=[])).status_code == 403
        refused = await client.post("/api/miners/bulk", json={"action": "deactivate", "ids": [1]})
        assert refused.status_code == 403
