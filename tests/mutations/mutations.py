"""The safeguards that are taken away, one at a time, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class NoLongerApplies(AssertionError):
    """The text that a mutation replaces is not in its file exactly once: follow the code, and change the mutation."""


@dataclass(frozen=True)
class Mutation:
    """A small edit of one file, and the tests of which at least one must fail then."""

    name: str
    file: str
    stands: str
    instead: str
    tests: tuple[str, ...]

    def apply(self, tree: Path) -> None:
        """Make the edit in a copy of the project."""
        path = tree / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.stands) != 1:
            raise NoLongerApplies(f"{self.name}: {self.file} has the text {text.count(self.stands)} times, not once")
        path.write_text(text.replace(self.stands, self.instead), encoding="utf-8")


REPLAY = "tests/integration/steps/test_replay.py"
LAKE = "tests/integration/lake/test_commits.py"

MUTATIONS = (
    Mutation(
        "no object claim",
        "medallion/control/batches.py",
        "claim.source, claim.source_file_id), ABSENT),",
        "claim.source, claim.source_file_id)),",
        ("tests/unit/steps/test_batch.py::test_object_is_in_one_run_when_its_event_comes_again_at_another_moment",),
    ),
    Mutation(
        "no fencing",
        "medallion/control/leases.py",
        'mine = Attr("owner").eq(owner) & Attr("token").eq(token)\n        if not self._table.update',
        'mine = Attr("pk").exists()\n        if not self._table.update',
        ("tests/unit/steps/test_lease.py::test_late_work_is_refused_when_the_lease_of_a_stopped_run_has_expired",),
    ),
    Mutation(
        "no compare-and-swap on publish",
        "medallion/engines/iceberg.py",
        "AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=base),\n",
        "",
        (f"{LAKE}::test_publication_is_refused_when_main_has_moved",),
    ),
    Mutation(
        "blind commit retry",
        "medallion/engines/iceberg.py",
        '"commit.retry.num-retries": "0"',
        '"commit.retry.num-retries": "4"',
        (f"{LAKE}::test_rows_stand_once_when_two_tries_of_one_step_commit_at_once",),
    ),
    Mutation(
        "attempts not counted",
        "medallion/plan/replay.py",
        '"COUNT(*) AS tries"',
        '"0 AS tries"',
        (f"{REPLAY}::test_record_is_condemned_when_it_was_tried_as_often_as_the_contract_allows",),
    ),
    Mutation(
        "condemnation not keyed by ruleset",
        "medallion/plan/replay.py",
        "{which} AND t.ruleset = r.ruleset\n",
        "{which}\n",
        (f"{REPLAY}::test_record_has_a_new_chance_when_the_rules_have_changed",),
    ),
    Mutation(
        "ledger digest not checked",
        "verifier/source.py",
        "(self._standing[key[0]], Digest()))\n            if wanted == found.get(key, Digest()):\n",
        "(self._standing[key[0]], Digest()))\n            if True:\n",
        ("tests/integration/steps/test_tampering.py::test_record_is_named_when_its_value_was_changed_in_silver",),
    ),
    Mutation(
        "a gate that ignores conservation",
        "medallion/ledger/gate.py",
        "        if not one.balanced\n",
        "        if False\n",
        ("tests/unit/ledger/test_gate.py",),
    ),
    Mutation(
        "a cancelled run is published",
        "medallion/control/plane.py",
        'wanted = STILL_OPEN & _unset("cancelled")\n',
        "wanted = STILL_OPEN\n",
        ("tests/unit/steps/test_cancel.py::test_a_cancelled_run_is_not_published_when_it_comes_so_far",),
    ),
    Mutation(
        "an operation is begun twice",
        "medallion/control/operations.py",
        'as_read = Attr("status").eq(operation.status) & Attr("tries").eq(operation.tries)\n',
        "as_read = _GOES_ON\n",
        ("tests/unit/control/test_operations.py::test_it_is_begun_once_when_two_begin_it",),
    ),
)
