"""Schedules that hypothesis makes of the scenarios' steps: what nobody thought of. The same ones at every run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.chaos import points as at
from tests.chaos.scenario import Scenario
from tests.chaos.steps import Step, again, approve, hit, overwrite, put, reject, rest, told

PLAYED, DRAWN = 10, 25
"""How many schedules are played, and from how many each of them is chosen."""

HITS = (
    at.AFTER_CLAIM,
    at.RUN_CREATED,
    at.STARTED,
    at.IN_QUEUE,
    at.BRONZE_COMMITTED,
    at.MID_WRITE,
    at.FILES_WRITTEN,
    at.ON_BRANCH,
    at.REFINED,
    at.JUDGED,
    at.BEFORE_PUBLISH,
    at.PUBLISHED,
    at.HALF_TOLD,
    at.EVENT_SENT,
    at.NO_RECEIPT,
    at.RECEIPT_WRITTEN,
    at.ANCHORED,
    at.LEASE_HELD_AT_END,
    at.CLAIM_THROTTLED,
    at.S3_SLOW,
    at.RUN_UNHEARD,
    at.BRANCH_UNHEARD,
    at.PUBLISH_UNHEARD,
)
ACTS = ("put", "again", "overwrite", "told", "hit", "hit", "rest")
GOOD, BAD = 30, 1


@dataclass
class Draft:
    """A schedule in the making: its steps, the same in words, and what is known of each object."""

    steps: list[Step] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    content: dict[str, str] = field(default_factory=dict)
    """For each object, the one that its bytes were first seen in."""
    key: dict[str, str] = field(default_factory=dict)
    """For each object, the one under whose key it came."""
    faulty: set[str] = field(default_factory=set)
    """The objects that hold bad records."""

    def act(self, kind: str, of: str | None, times: int, point: at.Point) -> None:
        """Add one step; one that needs an earlier object is a put where there is none."""
        if kind == "hit":
            self._add(hit(point), f"hit {point.name}")
        elif of is None or kind == "put":
            self.put()
        elif kind == "told":
            self._add(told(of, times), f"tell {of} {times} times")
        elif kind == "rest":
            self._add(rest(of), f"rest {of}")
        else:
            self._version(kind, of)

    def put(self) -> None:
        name = self._fresh()
        self._add(put(name, GOOD, BAD), f"put {name}")
        self.content[name] = self.key[name] = name
        self.faulty.add(name)

    def _version(self, kind: str, of: str) -> None:
        name, self.key[name] = self._fresh(), self.key[of]
        if kind == "again":
            self._add(again(name, of), f"put {of} again as {name}")
            self.content[name] = self.content[of]
        else:
            self._add(overwrite(name, self.key[of], GOOD), f"overwrite {of} by {name}")
            self.content[name] = name

    def decide(self, name: str, *, approved: bool) -> None:
        verb = "approve" if approved else "reject"
        self._add((approve if approved else reject)(name), f"{verb} {name}")
        self._add(rest(name), f"rest {name}")

    def records(self, ends: dict[str, str]) -> dict[str, int]:
        """The records by outcome: bytes are new the first time that a run with them is published."""
        counted, published = Counter[str](), set[str]()
        for name, end in ends.items():
            bad = BAD if self.content[name] in self.faulty else 0
            if end != "promoted":
                continue
            if self.content[name] in published:
                counted["duplicates"] += GOOD + bad
            else:
                counted += Counter(inserted=GOOD, quarantined=bad)
            published.add(self.content[name])
        return dict(counted)

    def _fresh(self) -> str:
        return "abcdefghijkl"[len(self.content)]

    def _add(self, step: Step, said: str) -> None:
        self.steps.append(step)
        self.story.append(said)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Draft, dict[str, str], bool]:
    """A schedule, the ends that its runs must come to, and whether a person decides over each."""
    draft, manual = Draft(), draw(st.booleans())
    for kind in draw(st.lists(st.sampled_from(ACTS), min_size=4, max_size=8)):
        known = list(draft.content)
        of = draw(st.sampled_from(known)) if known else None
        draft.act(kind, of, draw(st.integers(1, 4)), draw(st.sampled_from(HITS)))
    # What was armed last has an object to meet.
    draft.put()
    ends = dict.fromkeys(draft.content, "promoted")
    for name in draft.content if manual else ():
        approved = draw(st.booleans())
        draft.decide(name, approved=approved)
        ends[name] = "promoted" if approved else "rejected"
    return draft, ends, manual


def drawn(number: int) -> tuple[Draft, dict[str, str], bool]:
    """The richest of the schedules that hypothesis makes from this seed: many faults on few objects."""
    found: list[tuple[Draft, dict[str, str], bool]] = []

    @seed(number)
    @settings(max_examples=DRAWN, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(schedules())
    def collect(one: tuple[Draft, dict[str, str], bool]) -> None:
        found.append(one)

    collect()
    return max(
        found, key=lambda one: len({said for said in one[0].story if said.startswith("hit")}) - len(one[0].content) / 8
    )


def scenario(number: int, draft: Draft, ends: dict[str, str], *, manual: bool) -> Scenario:
    """A schedule as a scenario."""
    return Scenario(
        f"schedule {number}",
        tuple(draft.steps),
        draft.records(ends),
        ends=ends,
        settings={"approval": "manual"} if manual else {},
        story="; ".join(draft.story),
    )


SCHEDULES = tuple(
    scenario(number, draft, ends, manual=manual)
    for number, (draft, ends, manual) in enumerate(map(drawn, range(1, PLAYED + 1)), 1)
)
