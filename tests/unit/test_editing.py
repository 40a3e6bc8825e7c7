"""Several people edit one thing: who named a revision is told, who named none is not held up."""

import pytest

from lineman.core import editing
from lineman.core.editing import Expect, edit
from lineman.core.fields import check_plain
from lineman.ports.errors import Invalid, Stale, Unavailable

pytestmark = pytest.mark.anyio


class Shelf:
    """One number and its revision; others raise it before each of the first few stores."""

    def __init__(self, rivals: int) -> None:
        self.stored = (0, 1)
        self.rivals = rivals

    async def read(self) -> tuple[int, int]:
        return self.stored

    async def store(self, wanted: tuple[int, int]) -> tuple[int, int]:
        if self.rivals:
            self.rivals -= 1
            self.stored = (self.stored[0] + 1, self.stored[1] + 1)
        if wanted[1] != self.stored[1]:
            raise Stale("somebody was first")
        self.stored = (wanted[0], wanted[1] + 1)
        return self.stored


async def add_100(shelf: Shelf, expect: Expect = editing.anything) -> tuple[int, int]:
    async def changed(found: tuple[int, int]) -> tuple[int, int]:
        expect(found[1])
        return found[0] + 100, found[1]

    return (await edit(shelf.read, changed, shelf.store))[1]


async def test_who_names_no_revision_changes_what_stands_there_however_many_are_first() -> None:
    assert await add_100(Shelf(rivals=30)) == (130, 32)


async def test_who_names_a_revision_is_told_that_another_was_first() -> None:
    def only_the_first(revision: int) -> None:
        if revision != 1:
            raise Stale("you have seen revision 1")

    with pytest.raises(Stale, match="you have seen"):
        await add_100(Shelf(rivals=1), only_the_first)


async def test_an_endless_race_is_given_up_as_too_much_at_once() -> None:
    with pytest.raises(Unavailable):
        await add_100(Shelf(rivals=10_000))


@pytest.mark.parametrize(
    "text",
    [
        "rig\u202e7",
        "\u2066rig",
        "rig\u200f",
        "rig\u061c",
        "rig\u200b",
        "\ufeffrig",
        "rig\x07",
        "rig\u2028",
        "a\nb",
        "a\ud800",
    ],
)
async def test_what_nobody_sees_is_in_no_name(text: str) -> None:
    with pytest.raises(Invalid, match=r"U\+"):
        check_plain(text)


async def test_letters_of_all_people_are_text() -> None:
    for text in ("Контейнер 7", "می\u200cشود", "容器", "مُعدِّن", "naïve", "👩\u200d🔧"):
        check_plain(text)
