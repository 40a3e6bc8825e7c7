"""The journal, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from lineman.adapters.db.engine import Database
from lineman.adapters.db.journal import SqlJournal
from lineman.core.journal import Journals
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


async def test_old_lines_go_when_the_clock_has_run_steadily_for_a_day(database: Database) -> None:
    journal = SqlJournal(database)
    for days in (10, 5, 0):
        await journal.write(Entry(NOW - timedelta(days=days), "anna", "miners.add", "miner 1"))
    assert await journal.count(action="miners.", subject="miner 1") == 3
    assert await journal.prune(before=NOW - timedelta(days=5), now=NOW) == 0
    assert await journal.prune(before=NOW - timedelta(days=4), now=NOW + timedelta(days=1)) == 2
    assert await journal.count() == 1
    # A jump of years must not cost the journal.
    later = NOW + timedelta(days=4000)
    assert await journal.prune(before=later, now=later) == 0
    assert await journal.count() == 1


async def test_pruning_is_written_down_and_nothing_goes_when_the_journal_is_kept_for_ever(database: Database) -> None:
    journal = SqlJournal(database)
    journals = Journals(journal)
    await journal.write(Entry(NOW - timedelta(days=1000), "anna", "miners.add", "miner 1"))
    for hours in (0, 24, 25):
        assert await journals.prune(days=0, now=NOW + timedelta(hours=hours)) == 0
    assert await journals.prune(days=730, now=NOW) == 0
    assert await journals.prune(days=730, now=NOW + timedelta(days=1)) == 1
    [line] = await journal.read()
    assert (line.actor, line.action, line.detail) == ("scheduler", "journal.prune", "1 lines of before 2024-11-25")


async def test_an_action_matches_by_its_beginning_and_a_subject_as_a_whole(database: Database) -> None:
    journal = SqlJournal(database)
    for action, subject in (("miners.add", "miner 1"), ("miners.remove", "miner 12"), ("minersx", "miner 1")):
        await journal.write(Entry(NOW, "anna", action, subject, "failed", "100 % _\0"))
    assert [line.action for line in await journal.read(action="miners.")] == ["miners.remove", "miners.add"]
    assert [line.action for line in await journal.read(action="miners.", subject="miner 1")] == ["miners.add"]
    assert await journal.read(action="%") == []
