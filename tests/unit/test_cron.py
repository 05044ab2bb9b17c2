"""Cron as EventBridge Scheduler is told of it, and the moments that it names: an evaluator of AWS's spelling agrees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given
from hypothesis import strategies as st
from ministack.services import eventbridge

from medallion.cron import LONGEST, checked_cron, checked_zone, due_after, due_before, expression_of
from medallion.errors import InvalidSchedule

ZURICH = "Europe/Zurich"


def field(lowest: int, highest: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """A field of cron in each of its forms."""
    numbers = st.integers(lowest, highest)
    word = numbers.map(str) | st.sampled_from(names) if names else numbers.map(str)
    spans = st.tuples(numbers, numbers).map(lambda both: f"{min(both)}-{max(both)}")
    steps = st.tuples(st.just("*") | spans | numbers.map(str), st.integers(1, highest)).map(
        lambda both: f"{both[0]}/{both[1]}"
    )
    return st.one_of(st.just("*"), word, spans, steps, st.lists(word | spans, min_size=2, max_size=4).map(",".join))


CRONS = st.tuples(
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12, ("JAN", "jun", "DEC")),
    field(0, 7, ("SUN", "mon", "SAT")),
).map(" ".join)


def as_aws_reads_it(expression: str, after: datetime) -> Iterator[datetime]:
    """When AWS's expression is due, by an evaluator that knows nothing of ours. It looks four years ahead."""
    fields = eventbridge._parse_cron_fields(expression)
    assert fields is not None, f"AWS would refuse {expression}"
    due = eventbridge._cron_next_fire(fields, after)
    while due is not None:
        yield due
        due = eventbridge._cron_next_fire(fields, due)


def takes(cron: str) -> bool:
    """Whether a schedule may have it."""
    try:
        expression_of(cron)
    except InvalidSchedule:
        return False
    return True


@given(CRONS, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  # hypothesis takes no zone here
def test_what_aws_is_told_is_due_when_the_original_is(cron: str, moment: datetime) -> None:
    after = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    assume(takes(cron))
    expression = expression_of(cron)
    assert len(expression) <= LONGEST
    expected = [due for due in islice(CronSim(cron, after), 5) if due < after + timedelta(days=4 * 365)]
    assert list(islice(as_aws_reads_it(expression, after), len(expected))) == expected
    assert list(islice(due_after(cron, "UTC", after), len(expected))) == expected


@given(CRONS)
def test_only_two_restricted_days_are_refused_of_what_cron_takes(cron: str) -> None:
    try:
        known = CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        with pytest.raises(InvalidSchedule):
            expression_of(cron)
        return
    both = len(known.days) < 31 and len({day % 7 for day in known.weekdays if isinstance(day, int)}) < 7
    if both:
        with pytest.raises(InvalidSchedule, match="takes one of the two"):
            expression_of(cron)
    else:
        assert expression_of(cron).startswith("cron(")


@given(CRONS, st.sampled_from([ZURICH, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]))
def test_moments_are_the_same_forwards_and_backwards(cron: str, zone: str) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    assume(takes(cron))
    forwards = list(islice(due_after(cron, zone, begin), 4))
    last = forwards[-1] + timedelta(seconds=1)
    assert list(islice(due_before(cron, zone, last), len(forwards))) == forwards[::-1]
    assert forwards == sorted(set(forwards))


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 2 * * *", "cron(0 2 * * ? *)"),
        ("*/20 6-8 * * MON-FRI", "cron(0,20,40 6-8 ? * MON,TUE,WED,THU,FRI *)"),
        ("0 0 1 */3 *", "cron(0 0 1 1,4,7,10 ? *)"),
        ("0 0 * * 7", "cron(0 0 ? * SUN *)"),
        ("0 0 1-31 * 1", "cron(0 0 * * ? *)"),
    ],
)
def test_numbers_are_spelt_out_when_aws_is_told(cron: str, said: str) -> None:
    assert expression_of(cron) == said


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 0 1 * 1", "takes one of the two"),
        ("0 0 */2 * MON", "takes one of the two"),
        ("0 0 L * *", "L, W and # are not taken"),
        ("0 0 * * 5#2", "L, W and # are not taken"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("61 0 * * *", "bad minute"),
        ("0 0 * * *  *", "has 6 fields"),
        ("@daily", "has 1 fields"),
    ],
)
def test_it_is_said_why_when_a_schedule_cannot_be_taken(cron: str, why: str) -> None:
    with pytest.raises(InvalidSchedule, match=why):
        checked_cron(cron)


def test_a_time_is_left_out_when_the_clocks_skip_it() -> None:
    found = islice(due_after("30 2 * * *", ZURICH, datetime(2026, 3, 27, 12, tzinfo=UTC)), 3)
    assert [f"{due:%d %H:%M}" for due in found] == ["28 01:30", "30 00:30", "31 00:30"]


def test_a_time_is_due_once_when_the_clocks_show_it_twice() -> None:
    found = islice(due_after("30 2 * * *", ZURICH, datetime(2026, 10, 24, 12, tzinfo=UTC)), 2)
    assert [f"{due:%d %H:%M}" for due in found] == ["25 00:30", "26 01:30"]


@pytest.mark.parametrize("name", ["Europe/Zurich", "UTC"])
def test_a_zone_is_taken_when_iana_knows_it(name: str) -> None:
    assert checked_zone(name) == name


@pytest.mark.parametrize("name", ["CEST", "europe/zurich", "../etc/passwd", "", "Europe"])
def test_a_zone_is_refused_when_iana_does_not_know_it(name: str) -> None:
    with pytest.raises(InvalidSchedule, match="time zone"):
        checked_zone(name)
