"""The journal, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.journal import SqlJournal
from lineman.ports.journal import Entry

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


async def test_the_newest_lines_come_first_even_when_the_clock_was_set_back(database: Database) -> None:
    journal = SqlJournal(database)
    lines = [Entry(NOW - timedelta(hours=number), "anna", "miners.add", f"miner {number}") for number in range(3)]
    for line in lines:
        await journal.write(line)
    assert await journal.read() == lines[::-1]
    assert await journal.read(limit=1, offset=1) == [lines[1]]


async def test_an_action_matches_by_its_beginning_and_a_subject_as_a_whole(database: Database) -> None:
    journal = SqlJournal(database)
    for action, subject in (("miners.add", "miner 1"), ("miners.remove", "miner 12"), ("minersx", "miner 1")):
        await journal.write(Entry(NOW, "anna", action, subject, "failed", "100 % _\0"))
    assert [line.action for line in await journal.read(action="miners.")] == ["miners.remove", "miners.add"]
    assert [line.action for line in await journal.read(action="miners.", subject="miner 1")] == ["miners.add"]
    assert await journal.read(action="%") == []
