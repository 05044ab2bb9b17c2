"""The vocabulary of scenarios: what may happen to a source, in the order in which a scenario lists it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.points import Point
from tests.chaos.stage import Stage

Step = Callable[[Stage], None]


def put(name: str, good: int = 30, bad: int = 0) -> Step:
    """An object with fresh ids arrives; the next step does not wait for its run."""
    return lambda stage: stage.put(name, good, bad)


def content(name: str, data: bytes) -> Step:
    """An object with these bytes arrives."""
    return lambda stage: stage.put_bytes(name, data)


def again(name: str, of: str) -> Step:
    """The same bytes arrive once more under the same key."""
    return lambda stage: stage.again(name, of)


def overwrite(name: str, of: str, good: int = 30) -> Step:
    """Other records arrive under the key of `of`."""
    return lambda stage: stage.put(name, good, key=f"{of}.csv")


def at_once(*names: str, good: int = 20) -> Step:
    """As many objects as names, within the same moment."""

    def step(stage: Stage) -> None:
        for name in names:
            stage.put(name, good)

    return step


def told(name: str, times: int = 1) -> Step:
    """The object's event comes again, that many times at once."""
    return lambda stage: stage.tell(name, times)


def rest(*names: str) -> Step:
    """The objects' runs come to their end, or wait for a person."""

    def step(stage: Stage) -> None:
        for name in names:
            stage.settled(name)

    return step


def sweep(stage: Stage) -> None:
    """What waits, and what nobody told of, is taken up."""
    stage.sweep()


def hit(*points: Point) -> Step:
    """From here on the points are armed."""

    def step(stage: Stage) -> None:
        for point in points:
            stage.strike(point)

    return step


def approve(name: str) -> Step:
    return lambda stage: stage.decide(name, approved=True)


def reject(name: str) -> Step:
    return lambda stage: stage.decide(name, approved=False)


def rerun(name: str) -> Step:
    return lambda stage: stage.rerun(name)


def roll_back(name: str) -> Step:
    """Back to what the object's run published; where the command breaks off it is given once more."""
    return lambda stage: stage.roll_back(name)


def keep(stage: Stage) -> None:
    """Housekeeping of the source, as the schedule asks for it."""
    stage.keep()


def correct(stage: Stage) -> None:
    """A person corrects every open entry: the amount becomes 1."""
    stage.correct({"amount": "'1.00'"})


def reprocess(stage: Stage) -> None:
    """The open entries are taken up once more, and their run comes to its end."""
    stage.reprocess()


def release(stage: Stage) -> None:
    """A person brings the condemned entries back."""
    stage.release()


def together(*steps: Step) -> Step:
    """The steps begin at the same time."""

    def step(stage: Stage) -> None:
        with ThreadPoolExecutor(len(steps)) as side_by_side:
            for done in [side_by_side.submit(one, stage) for one in steps]:
                done.result()

    return step
