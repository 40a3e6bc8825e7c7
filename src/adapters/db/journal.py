"""The journal in SQL."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from ...ports.journal import Entry, Journal
from .engine import Database, next_number
from .inbox import clean
from .retention import trusted

COLUMNS = "at, actor, action, subject, outcome, detail"


class SqlJournal(Journal):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def write(self, entry: Entry) -> None:
        texts = {name: clean(text) for name, text in attrs.asdict(entry).items() if name != "at"}
        async with self._db.transaction() as tx:
            await tx.run(
                f"insert into journal (id, {COLUMNS}) values (:id, :at, :actor, :action, :subject, :outcome, :detail)",
                id=await next_number(tx, "journal"), at=entry.at, **texts,
            )  # fmt: skip

    async def read(
        self, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        where, values = _conditions(action, subject)
        return await self._db.fetch(
            Entry,
            f"select {COLUMNS} from journal{where} order by id desc limit :limit offset :offset",
            limit=limit, offset=offset, **values,
        )  # fmt: skip

    async def count(self, *, action: str | None = None, subject: str | None = None) -> int:
        where, values = _conditions(action, subject)
        [total] = await self._db.fetch(int, f"select count(*) from journal{where}", **values)
        return total

    async def prune(self, *, before: datetime, now: datetime) -> int:
        if not await trusted(self._db, "journal", now):
            return 0
        return await self._db.run("delete from journal where at < :before", before=before)


def _conditions(action: str | None, subject: str | None) -> tuple[str, dict[str, object]]:
    conditions, values = [], dict[str, object]()
    if action is not None:
        conditions.append("substr(action, 1, :length) = :action")
        values |= {"action": action, "length": len(action)}
    if subject is not None:
        conditions.append("subject = :subject")
        values["subject"] = subject
    return (f" where {' and '.join(conditions)}" if conditions else ""), values
