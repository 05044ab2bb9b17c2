"""What was put in, counted by the standard library alone: nothing of the platform's own parser."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

HEADER = "id,amount,note\n"


@dataclass(frozen=True)
class Given:
    """An object that a scenario put into Landing: its identity, its bytes, and how many records they hold."""

    name: str
    identity: str
    body: bytes

    @property
    def records(self) -> int:
        """Records below the header; 0 where there is none."""
        return max(0, len(list(csv.reader(io.StringIO(self.body.decode("utf-8-sig"), newline="")))) - 1)


def body(first: int, good: int, bad: int = 0) -> bytes:
    """A file of `good` records, with ids from `first` on, and `bad` ones below them: a negative amount each."""
    lines = [f'{number},{number % 90}.50,"note, {number}"\n' for number in range(first, first + good)]
    lines += [f"{number},-1,\n" for number in range(first + good, first + good + bad)]
    return (HEADER + "".join(lines)).encode()


def versions(ids: range, amount: int) -> bytes:
    """A file with these ids, each with the amount: the later version of a key is the one with the larger amount."""
    return (HEADER + "".join(f"{number},{amount}.00,v{amount}\n" for number in ids)).encode()
