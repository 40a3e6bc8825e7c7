"""When an alert fires and recovers."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.alerts.rules import CLEAR, Check, Effect, Fired, Recovered, State, check_of, judge, lapse, overdue
from lineman.core.alerts.windows import covers
from lineman.core.alerts.wording import detail_of
from lineman.ports.alerts import Facts, Kind, Rule, Severity, Subject, Window

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = Subject("miners", 7, "A1-07", 3, ("hot",))

HOT = Kind("hot", "miners", "Chips hot", "chip_c", "", Severity.CRITICAL, "°C", threshold=100.0, margin=0.05)
SLOW = Kind("slow", "miners", "Rate low", "ratio", "", Severity.WARNING, "%", above=False, threshold=80.0, margin=0.05)
DEAD = Kind(
    "dead", "miners", "Offline", "answers", "", Severity.CRITICAL, above=False, threshold=1.0, chosen=False, stands=True
)
SWITCH = Kind(
    "switch", "miners", "Pool", "switched", "", Severity.INFO, threshold=0.0, chosen=False, momentary=True
)  # fmt: skip
QUIET = Kind("quiet", "miners", "No news", "", "", Severity.WARNING, chosen=False, silence=True)
KINDS = {kind.kind: kind for kind in (HOT, SLOW, DEAD, SWITCH, QUIET)}

#: Seconds and what was said then; ``"-"`` = nothing of this metric.
Said = list[tuple[float, float | str | None]]


def check(kind: Kind, minutes: float = 0.0, threshold: float | None = None, after: int | None = None) -> Check:
    return check_of(Rule(1, "rule", kind.kind, threshold, minutes, kind.severity, escalate_after_minutes=after), kind)


def facts(kind: Kind, value: float | str | None, tick: float = 0.0) -> Facts:
    values = {} if isinstance(value, str) else {kind.metric: value}
    return Facts(SUBJECT, NOON + timedelta(seconds=tick), values)


def course(checked: Check, said: Said) -> list[tuple[float, str]]:
    """What happens when, if only facts tell the time."""
    state, found = CLEAR, list[tuple[float, str]]()
    for tick, value in said:
        state, effects = judge(checked, state, facts(checked.kind, value, tick), tick)
        found += [(tick, type(effect).__name__) for effect in effects]
    return found


@pytest.mark.parametrize(
    ("kind", "minutes", "said", "happens"),
    [
        pytest.param(HOT, 0, [(0, 100.0), (60, 100.1)], [(60, "Fired")], id="the threshold itself is good"),
        pytest.param(SLOW, 0, [(0, 80.0), (60, 79.9)], [(60, "Fired")], id="below is bad for a rate"),
        pytest.param(
            HOT, 2, [(0, 101.0), (60, 101.0), (120, 101.0), (180, 103.0)], [(0, "Began"), (120, "Fired")],
            id="it fires once, after its minutes",
        ),
        pytest.param(
            HOT, 2, [(second, 101.0) for second in range(0, 119, 10)], [(0, "Began")],
            id="many facts are not many minutes",
        ),
        pytest.param(
            HOT, 2, [(0, 101.0), (60, 99.0), (120, 101.0), (180, 101.0)],
            [(0, "Began"), (60, "Calmed"), (120, "Began")],
            id="a good moment begins the minutes anew",
        ),
        pytest.param(
            HOT, 0, [(0, 101.0), (60, 99.0), (120, 95.1), (180, 95.0)], [(0, "Fired"), (180, "Recovered")],
            id="it recovers only beyond the margin",
        ),
        pytest.param(
            SLOW, 0, [(0, 70.0), (60, 83.9), (120, 84.0)], [(0, "Fired"), (120, "Recovered")],
            id="a rate recovers above the margin",
        ),
        pytest.param(
            HOT, 2, [(0, 101.0), (60, "-"), (120, "-"), (121, 101.0)], [(0, "Began"), (121, "Fired")],
            id="what is missing changes nothing",
        ),
        pytest.param(
            HOT, 0, [(0, 101.0), (60, "-"), (9999, "-")], [(0, "Fired")], id="what is missing does not recover"
        ),
        pytest.param(
            HOT, 0, [(0, 101.0), (60, None)], [(0, "Fired"), (60, "Recovered")], id="what does not apply ends"
        ),
        pytest.param(HOT, 0, [(0, float("nan"))], [], id="no number says nothing"),
        pytest.param(
            HOT, 5, [(0, 101.0), (4000, 101.0), (4300, 101.0)], [(0, "Began"), (4000, "Began"), (4300, "Fired")],
            id="one bad moment an hour ago is no hour",
        ),
        pytest.param(
            DEAD, 5, [(0, 0.0), (4000, 0.0)], [(0, "Began"), (4000, "Fired")], id="silence between two misses counts"
        ),
        pytest.param(
            SWITCH, 30, [(0, 1.0), (60, 0.0), (1860, 0.0)], [(0, "Fired"), (1860, "Recovered")],
            id="a moment fires at once and recovers after its minutes",
        ),
        pytest.param(
            SWITCH, 30, [(0, 1.0), (1200, 1.0), (1860, 0.0), (3000, 0.0)], [(0, "Fired"), (3000, "Recovered")],
            id="a second moment prolongs the first",
        ),
    ],
)  # fmt: skip
def test_when_it_fires_and_recovers(kind: Kind, minutes: float, said: Said, happens: list[tuple[float, str]]) -> None:
    assert course(check(kind, minutes), said) == happens


def test_time_alone_fires_what_stands_and_nothing_else() -> None:
    for kind, fires in ((DEAD, True), (HOT, False)):
        checked = check(kind, minutes=5)
        state, _ = judge(checked, CLEAR, facts(kind, 0.0 if kind is DEAD else 200.0), 0)
        assert lapse(checked, state, 299)[0] is state
        assert (lapse(checked, state, 300)[1] == (Fired(),)) is fires


def test_time_alone_ends_a_moment() -> None:
    checked = check(SWITCH, minutes=30)
    state, _ = judge(checked, CLEAR, facts(SWITCH, 1.0), 0)
    assert lapse(checked, state, 1799) == (state, ())
    assert lapse(checked, state, 1800) == (CLEAR, (Recovered(),))


def test_an_alert_is_overdue_after_its_minutes_and_never_without_them() -> None:
    state, _ = judge(check(HOT), CLEAR, facts(HOT, 120.0), 0)
    assert [overdue(check(HOT, after=10), state, tick) for tick in (0, 599, 600)] == [False, False, True]
    assert not overdue(check(HOT), state, 1e9)
    assert not overdue(check(HOT, after=10), CLEAR, 1e9)


def test_an_edited_threshold_counts_from_the_next_facts_on() -> None:
    state, _ = judge(check(HOT), CLEAR, facts(HOT, 101.0), 0)
    still, effects = judge(check(HOT, threshold=90.0), state, facts(HOT, 101.0), 60)
    assert (still.since, effects) == (NOON, ())
    assert judge(check(HOT, threshold=110.0), still, facts(HOT, 101.0), 120) == (CLEAR, (Recovered(),))


def test_a_rule_is_about_its_containers_tags_and_enterprises_only() -> None:
    rule = check(HOT).rule
    for change, about in (
        ({}, True), ({"container_ids": (3,)}, True), ({"container_ids": (4,)}, False), ({"tags": ("hot", "x")}, True),
        ({"tags": ("x",)}, False), ({"container_ids": (3,), "tags": ("x",)}, False),
    ):  # fmt: skip
        assert check_of(attrs.evolve(rule, **change), HOT).covers(SUBJECT) is about, change
    of_tenant = attrs.evolve(SUBJECT, enterprise_number="0367")
    for subject, numbers, about in (
        (SUBJECT, ("0367",), False), (of_tenant, ("0367", "2"), True), (of_tenant, ("367",), False),
    ):  # fmt: skip
        assert check_of(attrs.evolve(rule, enterprise_numbers=numbers), HOT).covers(subject) is about, numbers


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True), ({"system": "miners"}, True), ({"system": "gateways"}, False), ({"container_ids": (3,)}, True),
        ({"container_ids": (4,)}, False), ({"system": "miners", "subject_ids": (7,)}, True),
        ({"enterprise_numbers": ("2",)}, False), ({"enterprise_numbers": ("2",), "container_ids": (3,)}, True),
        ({"system": "miners", "subject_ids": (8,)}, False), ({"since": NOON + timedelta(seconds=1)}, False),
        ({"since": NOON - timedelta(hours=2), "until": NOON}, False),
    ],
)  # fmt: skip
def test_a_window_covers_what_it_names_from_its_beginning_to_before_its_end(
    change: dict[str, object], covered: bool
) -> None:
    window = Window(1, NOON, NOON + timedelta(hours=1), "", "olga")
    assert covers(attrs.evolve(window, **change), SUBJECT, NOON) is covered  # type: ignore[arg-type]  # a table


def test_the_detail_says_the_figure_its_limit_and_the_reporters_words() -> None:
    assert detail_of(check(HOT), 101.25, "") == "101.2 °C, limit 100 °C"
    assert detail_of(check(HOT, threshold=90), 101.0, "board 2") == "board 2; 101 °C, limit 90 °C"
    assert detail_of(check(HOT), 101.0, "It is hot: see to it.") == "It is hot: see to it; 101 °C, limit 100 °C"
    assert detail_of(check(DEAD), 0.0, "timed-out\x1b[2J") == "timed-out [2J"
    assert detail_of(check(DEAD), 0.0, "") == "Offline"
    assert detail_of(check(QUIET, minutes=30), 31.0, "") == "nothing was heard of it for 30 minutes"


values = st.one_of(
    st.none(), st.just("-"), st.floats(), st.sampled_from([0.0, 1.0, 79.0, 80.0, 83.0, 85.0, 95.0, 99.0, 101.0])
)
steps = st.lists(st.tuples(st.floats(0, 5000), values, st.booleans()), max_size=40)


@given(
    kind=st.sampled_from(list(KINDS)), minutes=st.sampled_from([0.0, 1.0, 15.0, 600.0]), steps=steps,
    clock=st.lists(st.integers(-10**6, 10**6), min_size=40, max_size=40),
)  # fmt: skip
def test_an_alert_never_fires_twice_without_recovering_nor_early_whatever_the_clock_says(
    kind: str, minutes: float, steps: list[tuple[float, float | str | None, bool]], clock: list[int]
) -> None:
    checked = check(KINDS[kind], minutes)
    state, tick = State(), 0.0
    firing, good_at = False, 0.0
    for (passed, value, by_time), set_to in zip(steps, clock, strict=False):
        tick += passed
        told = facts(KINDS[kind], value, set_to)
        after, effects = lapse(checked, state, tick) if by_time else judge(checked, state, told, tick)
        assert len(effects) <= 1
        effect: Effect | None = effects[0] if effects else None
        if isinstance(effect, Fired):
            assert not firing
            assert tick - good_at >= checked.hold
            firing = True
        elif isinstance(effect, Recovered):
            assert firing
            firing = False
        assert firing == (after.phase.name == "FIRING")
        if after == CLEAR:
            good_at = tick
        state = after
