"""The scenarios, one line of data each where that is possible."""

from __future__ import annotations

from tests.chaos import points as at
from tests.chaos.counting import HEADER, versions
from tests.chaos.scenario import Scenario
from tests.chaos.steps import (
    again,
    approve,
    at_once,
    content,
    correct,
    hit,
    keep,
    overwrite,
    put,
    reject,
    release,
    reprocess,
    rerun,
    rest,
    roll_back,
    sweep,
    together,
    told,
)

MANUAL = {"approval": "manual"}


KILLED = tuple(
    Scenario(f"killed {point.name}", (put("a", bad=1),), {"inserted": 30, "quarantined": 1}, (point,))
    for point in (
        at.BEFORE_CLAIM,
        at.AFTER_CLAIM,
        at.RUN_CREATED,
        at.STARTED,
        at.IN_QUEUE,
        at.LEASE_TAKEN,
        at.BRONZE_COMMITTED,
        at.MID_WRITE,
        at.FILES_WRITTEN,
        at.ON_BRANCH,
        at.QUARANTINE_WRITTEN,
        at.REFINED,
        at.JUDGED,
        at.BEFORE_PUBLISH,
        at.PUBLISHED,
        at.HALF_TOLD,
        at.LATEST_TOLD,
        at.EVENT_SENT,
        at.NO_RECEIPT,
        at.RECEIPT_WRITTEN,
        at.ANCHORED,
        at.LEASE_HELD_AT_END,
    )
)

KILLED_FOR_GOOD = tuple(
    Scenario(f"killed for good {point.name}", (put("a", bad=1),), {"inserted": 30, "quarantined": 1}, (point.times(3),))
    for point in (
        at.AFTER_CLAIM,
        at.MID_WRITE,
        at.ON_BRANCH,
        at.BEFORE_PUBLISH,
        at.HALF_TOLD,
        at.NO_RECEIPT,
        at.LEASE_HELD_AT_END,
    )
)

SERVICES = tuple(
    Scenario(f"{point.name}", (put("a", bad=1),), {"inserted": 30, "quarantined": 1}, (point,))
    for point in (
        at.CLAIM_THROTTLED,
        at.LEASE_THROTTLED,
        at.SETTLE_THROTTLED,
        at.S3_SLOW,
        at.S3_FAILS,
        at.S3_DOWN,
        at.LANDING_FAILS,
        at.GLUE_THROTTLES_PUBLISH,
        at.EVENTS_FAIL,
    )
)

UNHEARD = tuple(
    Scenario(f"{point.name}", (put("a", bad=1),), {"inserted": 30, "quarantined": 1}, (point,))
    for point in (
        at.CLAIM_UNHEARD,
        at.RUN_UNHEARD,
        at.START_UNHEARD,
        at.LEASE_UNHEARD,
        at.BRONZE_UNHEARD,
        at.BRANCH_UNHEARD,
        at.PUBLISH_UNHEARD,
        at.RECEIPT_UNHEARD,
        at.ANCHOR_UNHEARD,
        at.RELEASE_UNHEARD,
    )
)

EVENTS = (
    Scenario("event told ten times", (put("a"), told("a", 10)), {"inserted": 30}),
    Scenario("event told after the end", (put("a"), rest("a"), told("a", 3)), {"inserted": 30}),
    Scenario("event told while killed", (put("a"), told("a", 4)), {"inserted": 30}, (at.AFTER_CLAIM, at.STARTED)),
    Scenario(
        "events out of order",
        (put("a"), overwrite("b", of="a"), told("b"), told("a")),
        {"inserted": 60},
    ),
    Scenario(
        "schedule and event meet",
        (put("a"), put("b"), together(sweep, sweep)),
        {"inserted": 60},
        settings={"trigger": "schedule"},
    ),
    *(
        Scenario(
            f"schedule killed {point.name}",
            (put("a"), put("b"), sweep, sweep),
            {"inserted": 60},
            (point,),
            settings={"trigger": "schedule"},
        )
        for point in (at.CHUNK_GATHERED, at.BATCH_MADE)
    ),
)

CONCURRENCY = (
    Scenario(
        "same object twice", (put("a"), again("b", of="a"), again("c", of="a")), {"inserted": 30, "duplicates": 60}
    ),
    Scenario("same source twice, killed", (at_once("a", "b"),), {"inserted": 40}, (at.ON_BRANCH,)),
    Scenario("eight writers", (at_once(*"abcdefgh"),), {"inserted": 160}),
    Scenario(
        "eight writers, three killed",
        (at_once(*"abcdefgh"),),
        {"inserted": 160},
        (at.MID_WRITE, at.BEFORE_PUBLISH.later(2), at.LEASE_HELD_AT_END.later(3)),
    ),
    Scenario(
        "held run overtaken by others",
        (put("a", 10, 10), rest("a"), at_once("b", "c"), rest("b", "c"), approve("a")),
        {"inserted": 50, "quarantined": 10},
    ),
    Scenario(
        "held run killed as it is held",
        (put("a"), rest("a"), put("b"), rest("b"), approve("a"), approve("b")),
        {"inserted": 60},
        (at.HELD,),
        settings=MANUAL,
    ),
    Scenario(
        "approved run killed on its second way",
        (put("a"), rest("a"), hit(at.ON_BRANCH), approve("a")),
        {"inserted": 30},
        settings=MANUAL,
    ),
    Scenario(
        "rejected run killed as it is taken back",
        (put("a", 10, 10), rest("a"), hit(at.WITHDRAWN, at.TAKEN_BACK), reject("a")),
        {},
        ends={"a": "rejected"},
    ),
    Scenario(
        "rejected run done again",
        (put("a"), reject("a"), rest("a"), rerun("a"), approve("a")),
        {"inserted": 30},
        settings=MANUAL,
    ),
)

TIME = (
    Scenario(
        "refine times out, its commit comes late",
        (put("a", bad=1),),
        {"inserted": 30, "quarantined": 1},
        (at.LATE_COMMIT,),
        timeouts={"refine": 10},
    ),
    Scenario(
        "promote times out, main moves late",
        (put("a", bad=1),),
        {"inserted": 30, "quarantined": 1},
        (at.LATE_PUBLISH,),
        timeouts={"promote": 10},
    ),
    Scenario(
        "clock of acquire an hour ahead",
        (at_once("a", "b", "c"),),
        {"inserted": 60},
        clocks={"acquire": 3600.0},
    ),
    Scenario(
        "clock of trigger an hour behind",
        (put("a"), told("a", 3), put("b")),
        {"inserted": 60},
        clocks={"trigger": -3600.0},
    ),
    Scenario(
        "clocks of refine and promote an hour apart",
        (at_once("a", "b"),),
        {"inserted": 40},
        clocks={"refine": 3600.0, "promote": -3600.0},
    ),
)

UPSERT = {"load": "upsert", "orderBy": "amount"}
WHOLE_STATE = {"load": "snapshot"}
_OLD, _NEW = content("old", versions(range(30), 1)), content("new", versions(range(30), 2))

LOADS = (
    Scenario(
        "upsert killed on its branch",
        (_OLD, rest("old"), hit(at.ON_BRANCH), _NEW),
        {"inserted": 30, "updated": 30},
        settings=UPSERT,
    ),
    Scenario(
        "upsert killed once published",
        (_OLD, rest("old"), hit(at.PUBLISHED, at.NO_RECEIPT), _NEW),
        {"inserted": 30, "updated": 30},
        settings=UPSERT,
    ),
    Scenario("upsert out of order", (_NEW, rest("new"), _OLD), {"inserted": 30, "duplicates": 30}, settings=UPSERT),
    Scenario(
        "upsert for good killed, done again",
        (_OLD, rest("old"), hit(at.FILES_WRITTEN.times(3)), _NEW),
        {"inserted": 30, "updated": 30},
        settings=UPSERT,
    ),
    Scenario(
        "whole state killed mid-write",
        (_OLD, rest("old"), hit(at.MID_WRITE), content("next", versions(range(10, 35), 1))),
        {"inserted": 35, "duplicates": 20},
        settings=WHOLE_STATE,
    ),
    Scenario(
        "whole state killed once published",
        (_OLD, rest("old"), hit(at.PUBLISHED), content("next", versions(range(10, 35), 1))),
        {"inserted": 35, "duplicates": 20},
        settings=WHOLE_STATE,
    ),
)

BACK = (
    Scenario(
        "rolled back",
        (put("a"), rest("a"), put("b"), rest("b"), roll_back("a")),
        {"inserted": 30},
        ends={"b": "rolled_back"},
    ),
    Scenario(
        "rollback unheard, done again",
        (put("a"), rest("a"), put("b", bad=1), rest("b"), hit(at.MOVING_BACK_UNHEARD), roll_back("a"), rerun("b")),
        {"inserted": 60, "quarantined": 1},
    ),
    Scenario(
        "rollback refused, given again",
        (put("a"), rest("a"), put("b", bad=1), rest("b"), hit(at.MOVING_BACK_REFUSED), roll_back("a")),
        {"inserted": 30},
        ends={"b": "rolled_back"},
    ),
    Scenario(
        "run done again after a rollback, killed",
        (put("a"), rest("a"), put("b", bad=1), rest("b"), roll_back("a"), hit(at.PUBLISHED), rerun("b"), put("c")),
        {"inserted": 90, "quarantined": 1},
    ),
)

_SMALL = tuple("abcdefgh")
_MANY_FILES = (at_once(*_SMALL, good=5), rest(*_SMALL))
"""As many small files as housekeeping makes one of."""

UPKEEP = (
    Scenario(
        "publish against compaction",
        (*_MANY_FILES, together(keep, at_once("i", "j", "k", good=5)), rest("i", "j", "k"), keep),
        {"inserted": 55},
    ),
    *(
        Scenario(
            f"killed {point.name}", (*_MANY_FILES, keep, put("i", bad=1)), {"inserted": 70, "quarantined": 1}, (point,)
        )
        for point in (at.COMPACTION_WRITTEN, at.COMPACTION_COMMITTED, at.BRONZE_COMPACTED)
    ),
)

_FAULTY = (put("a", bad=1), rest("a"))

REPLAY = (
    *(
        Scenario(
            f"replay killed {point.name}",
            (*_FAULTY, correct, hit(point), reprocess, reprocess),
            {"inserted": 31},
        )
        for point in (at.MID_WRITE, at.ON_BRANCH, at.QUARANTINE_WRITTEN, at.PUBLISHED, at.NO_RECEIPT, at.ANCHORED)
    ),
    Scenario(
        "replay for good killed, done again",
        (*_FAULTY, correct, hit(at.BEFORE_PUBLISH.times(3)), reprocess),
        {"inserted": 31},
    ),
    Scenario("replay of what fails again", (*_FAULTY, reprocess, reprocess), {"inserted": 30, "condemned": 1}),
    Scenario(
        "released, corrected, replayed, killed",
        (*_FAULTY, reprocess, release, correct, hit(at.PUBLISHED), reprocess),
        {"inserted": 31},
    ),
    Scenario(
        "replay while objects arrive",
        (*_FAULTY, correct, together(reprocess, at_once("b", "c", "d"))),
        {"inserted": 91},
    ),
    Scenario("same replay asked twice at once", (*_FAULTY, correct, together(reprocess, reprocess)), {"inserted": 31}),
)

GOLD = tuple(
    Scenario(f"{point.name}, killed", (put("a"), put("b")), {"inserted": 60}, (point,), modelled=True)
    for point in (at.BUILD_ASKED, at.BUILD_WRITES, at.BUILD_COMMITTED, at.GOLD_PUBLISHED)
)

INPUT = (
    Scenario(
        "all records bad, killed",
        (put("a", 0, 30), rest("a"), reject("a")),
        {},
        (at.QUARANTINE_WRITTEN,),
        {"a": "rejected"},
    ),
    Scenario("header alone, killed", (content("a", HEADER.encode()),), {}, (at.ON_BRANCH,)),
    Scenario(
        "identical records, killed",
        (content("a", (HEADER + "1,2.50,x\n" * 40).encode()),),
        {"inserted": 1, "duplicates": 39},
        (at.BEFORE_PUBLISH,),
    ),
    Scenario(
        "same bytes again, killed",
        (put("a", bad=1), rest("a"), hit(at.PUBLISHED), again("b", of="a")),
        {"inserted": 30, "quarantined": 1, "duplicates": 31},
    ),
)

SCENARIOS = (
    *KILLED,
    *KILLED_FOR_GOOD,
    *SERVICES,
    *UNHEARD,
    *EVENTS,
    *CONCURRENCY,
    *LOADS,
    *BACK,
    *UPKEEP,
    *REPLAY,
    *GOLD,
    *INPUT,
    *TIME,
)
