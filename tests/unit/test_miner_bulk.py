"""How many miners are removed at once: as many as nobody else has to wait for long."""

import pytest

from lineman.core.miners.bulk import FIRST, LARGEST, next_size


@pytest.mark.parametrize(
    ("fixed", "each", "sizes"),
    [
        (0.06, 0.005, [FIRST, 50, LARGEST, LARGEST]),
        (0.5, 0.02, [FIRST, FIRST, FIRST, FIRST]),
        (0.0, 0.03, [FIRST, 50, 50, 50]),
        # Fewer at once would only take longer in all.
        (5.0, 0.005, [FIRST, FIRST, FIRST, FIRST]),
    ],
)
def test_removals_grow_while_they_are_quick_but_do_not_shrink_to_one_while_they_are_not(
    fixed: float, each: float, sizes: list[int]
) -> None:
    size, seen = FIRST, []
    for _ in sizes:
        seen.append(size)
        size = next_size(size, fixed + size * each)
    assert seen == sizes


def test_a_large_batch_that_took_long_is_halved_and_a_small_one_stays() -> None:
    assert [next_size(size, 9.0) for size in (LARGEST, 40, 10, 1)] == [50, FIRST, 10, 1]
