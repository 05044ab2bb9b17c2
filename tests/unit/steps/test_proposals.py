"""The life of a contract's version: proposed, decided by another, active, overtaken; and what it may not do."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from medallion.contracts import parse_contract
from medallion.contracts.model import Contract
from medallion.control.proposals import Proposal, ProposalStatus
from medallion.errors import InvalidContract, OwnProposal, ProposalNotOpen, UnknownProposal, UnknownSource
from medallion.layout import Zone
from medallion.people import Person
from medallion.steps.activate import activate
from medallion.steps.proposals import approve, compare, compare_proposal, propose, reject, withdraw
from medallion.steps.seed import register_version
from medallion.steps.sources import pause
from medallion.steps.trigger import ArrivedObject, on_arrival
from tests.unit.control.waiting import LAYOUT, NOW
from tests.unit.steps.keeping import Keeping, contract


@pytest.fixture
def platform() -> Keeping:
    return Keeping.new()


def live(platform: Keeping, source: str = "orders", version: str = "1.0.0", columns: str = "") -> Proposal:
    """A version that someone proposed, someone else approved, and a third made active."""
    made = propose(platform, source, contract(source, version, columns), platform.person("Ada"))
    approve(platform, source, made.proposal_id, platform.person("Grace"))
    activate(platform, source, made.proposal_id, platform.person("Edsger"))
    return platform.control.proposals.proposal(source, made.proposal_id)


# --- proposing


def test_source_is_live_when_its_first_contract_becomes_active(platform: Keeping) -> None:
    waited = ArrivedObject(key="orders/early.csv", version="v", size=10, arrived_at=NOW)
    on_arrival(platform, waited)
    made = propose(platform, "orders", contract(), platform.person("Ada"))
    assert (made.status, made.against, made.compatible, made.breaking) == (ProposalStatus.PROPOSED, "", (), ())
    assert not platform.control.sources(), "nothing is there before it is active"
    assert approve(platform, "orders", made.proposal_id, platform.person("Grace")).status is ProposalStatus.APPROVED
    done = activate(platform, "orders", made.proposal_id, platform.person("Edsger"))
    source = platform.control.source("orders")
    assert (source.contract_version, source.description, source.owner) == (
        "1.0.0",
        "What the tests ask of.",
        "Harbour office",
    )
    assert "id" in platform.tables.columns[LAYOUT.table(Zone.SILVER, "orders").qualified]
    assert platform.entries.entries["orders-daily"]["ScheduleExpression"] == "cron(0 2 * * ? *)"
    assert (done.replaced, len(done.started)) == ("", 1)
    stands = platform.control.proposals.proposal("orders", made.proposal_id)
    assert stands.status is ProposalStatus.ACTIVE
    assert stands.activation is not None
    assert (stands.proposed.by, stands.decision and stands.decision.by, stands.activation.by) == (
        "Ada",
        "Grace",
        "Edsger",
    )
    version = platform.control.contract("orders", "1.0.0")
    assert version is not None
    assert (version.registered_by, version.proposal_id) == ("Edsger", made.proposal_id)
    assert platform.control.proposals.open(10).proposals == []


def test_activation_is_done_once_when_it_is_asked_twice(platform: Keeping) -> None:
    made = live(platform)
    again = activate(platform, "orders", made.proposal_id, platform.person("Edsger"))
    assert (again.version, again.started) == ("1.0.0", ())
    assert platform.control.proposals.proposal("orders", made.proposal_id).revision == made.revision


def test_all_findings_are_told_when_a_proposal_is_no_contract(platform: Keeping) -> None:
    text = contract().replace("integer", "number").replace('"1.0.0"', '"1"').replace("v3.1.0", "v2.0.0")
    with pytest.raises(InvalidContract) as refused:
        propose(platform, "orders", text, platform.person())
    assert "version: " in str(refused.value)
    assert "apiVersion" in str(refused.value)
    with pytest.raises(InvalidContract, match="is for source orders, not others"):
        propose(platform, "others", contract(), platform.person())


def test_what_it_changes_is_kept_with_a_proposal(platform: Keeping) -> None:
    live(platform, columns="note: string")
    made = propose(platform, "orders", contract(version="2.0.0", columns="amount: integer!"), platform.person())
    assert made.against == "1.0.0"
    assert made.breaking == ("column note is gone", "column amount is new and must be in every header")
    assert made.compatible == ()
    changes = compare_proposal(platform, "orders", made.proposal_id)
    assert [(one.path, one.what, one.breaking) for one in changes] == [
        ("columns.note", "removed", True),
        ("columns.amount", "added", True),
    ]


@pytest.mark.parametrize(
    ("version", "columns", "why"),
    [
        ("1.0.0", "note: string", "is not higher than 1.0.0, which is active"),
        ("0.9.0", "note: string", "is not higher than 1.0.0, which is active"),
        ("1.1.0", "", "breaks 1.0.0: column note is gone. Raise the first number"),
        ("1.1.0", "note: string, amount: integer!", "amount is new and must be in every header"),
        ("2.0.0", "note: integer", "column note is long, not string. A table's column never changes its type"),
    ],
)
def test_proposal_is_refused_when_it_cannot_follow_what_is_active(
    platform: Keeping, version: str, columns: str, why: str
) -> None:
    live(platform, columns="note: string")
    with pytest.raises(InvalidContract, match=why):
        propose(platform, "orders", contract(version=version, columns=columns), platform.person())


def test_proposal_is_refused_when_a_reference_would_lead_nowhere(platform: Keeping) -> None:
    referring = contract("orders", columns="customer: integer").replace(
        "name: customer\n", "name: customer\n        relationships: [{to: customers.number}]\n"
    )
    with pytest.raises(InvalidContract, match=r"refers to customers\.number, which no contract of this tenant has"):
        propose(platform, "orders", referring, platform.person())
    live(platform, "customers", columns="number: integer")
    propose(platform, "orders", referring, platform.person())
    register_version(platform, _parsed(referring), referring)
    with pytest.raises(InvalidContract, match=r"source orders: customer: refers to customers\.number"):
        propose(platform, "customers", contract("customers", "2.0.0"), platform.person())


# --- deciding


def test_another_person_approves_where_the_environment_says_so() -> None:
    platform = Keeping.new(approvals_by_another=True)
    made = propose(platform, "orders", contract(), platform.person("Ada"))
    with pytest.raises(OwnProposal, match="another person approves it"):
        approve(platform, "orders", made.proposal_id, platform.person("Ada"))
    assert approve(platform, "orders", made.proposal_id, platform.person("Grace")).status is ProposalStatus.APPROVED


@pytest.mark.parametrize(
    ("by", "holder", "own"),
    [
        ("key 2", "Ada", True),
        ("key 2", "Grace", False),
        ("key 1", "", True),
        ("Ada", "arn:aws:iam::000000000000:user/grace", True),
        ("Grace", "ADA ", True),
    ],
)
def test_a_person_is_one_whichever_key_it_takes(by: str, holder: str, *, own: bool) -> None:
    platform = Keeping.new(approvals_by_another=True)
    made = propose(platform, "orders", contract(), Person("key 1", "it is needed", platform.clock(), "Ada"))
    approving = Person(by, "it is right", platform.clock(), holder)
    with pytest.raises(OwnProposal) if own else nullcontext():
        approve(platform, "orders", made.proposal_id, approving)
    stands = platform.control.proposals.proposal("orders", made.proposal_id).status
    assert stands is (ProposalStatus.PROPOSED if own else ProposalStatus.APPROVED)


def test_nothing_becomes_active_that_is_not_approved(platform: Keeping) -> None:
    made = propose(platform, "orders", contract(), platform.person())
    with pytest.raises(ProposalNotOpen, match="is proposed, not approved or active"):
        activate(platform, "orders", made.proposal_id, platform.person())
    approve(platform, "orders", made.proposal_id, platform.person("Grace"))
    rejected = reject(platform, "orders", made.proposal_id, platform.person("Grace"))
    assert rejected.status is ProposalStatus.REJECTED
    for decision in (approve, withdraw, reject, activate):
        with pytest.raises(ProposalNotOpen, match="is rejected"):
            decision(platform, "orders", made.proposal_id, platform.person())
    assert not platform.control.sources()


def test_the_first_decision_stands_when_two_are_made_at_once(platform: Keeping) -> None:
    read = propose(platform, "orders", contract(), platform.person())
    withdraw(platform, "orders", read.proposal_id, platform.person())
    assert not platform.control.proposals.move(read, ProposalStatus.APPROVED)


def test_proposal_is_unknown_when_it_is_another_sources(platform: Keeping) -> None:
    made = propose(platform, "orders", contract(), platform.person())
    with pytest.raises(UnknownProposal):
        approve(platform, "customers", made.proposal_id, platform.person())


# --- versions that follow one another


def test_what_a_version_leaves_no_room_for_is_overtaken(platform: Keeping) -> None:
    first = live(platform)
    small = propose(platform, "orders", contract(version="1.0.1", columns="a: string"), platform.person())
    large = propose(platform, "orders", contract(version="1.2.0", columns="b: string"), platform.person())
    other = propose(platform, "others", contract("others"), platform.person())
    live(platform, version="1.1.0")
    stands = {
        one.proposal_id: (one.status, one.overtaken_by)
        for one in (platform.control.proposals.proposal("orders", made.proposal_id) for made in (first, small, large))
    }
    assert stands == {
        first.proposal_id: (ProposalStatus.SUPERSEDED, "1.1.0"),
        small.proposal_id: (ProposalStatus.SUPERSEDED, "1.1.0"),
        large.proposal_id: (ProposalStatus.PROPOSED, ""),
    }
    assert {one.proposal_id for one in platform.control.proposals.open(10).proposals} == {
        large.proposal_id,
        other.proposal_id,
    }


def test_two_versions_are_compared_when_both_were_active(platform: Keeping) -> None:
    live(platform)
    live(platform, version="1.1.0", columns="note: string")
    [added] = compare(platform, "orders", "1.0.0", "1.1.0")
    assert (added.path, added.said) == ("columns.note", "column note is new and need not be in every header")
    with pytest.raises(UnknownSource, match=r"no contract version '9\.9\.9'"):
        compare(platform, "orders", "1.0.0", "9.9.9")


def test_version_does_not_use_up_its_number_when_its_tables_cannot_be_made(platform: Keeping) -> None:
    made = propose(platform, "orders", contract(), platform.person())
    approve(platform, "orders", made.proposal_id, platform.person("Grace"))
    platform.tables.broken = RuntimeError("no tables today")
    with pytest.raises(RuntimeError):
        activate(platform, "orders", made.proposal_id, platform.person())
    assert platform.control.contract("orders", "1.0.0") is None
    assert not platform.control.sources()
    platform.tables.broken = None
    assert activate(platform, "orders", made.proposal_id, platform.person()).version == "1.0.0"


# --- a folder, beside


def test_folder_is_kept_out_when_a_person_made_a_higher_version_active(platform: Keeping) -> None:
    assert register_version(platform, _parsed(contract()), contract()) == []
    live(platform, version="1.1.0", columns="note: string")
    [said] = register_version(platform, _parsed(contract()), contract())
    assert said.endswith("version 1.0.0 is kept out: 1.1.0 is active")
    assert platform.control.source("orders").contract_version == "1.1.0"


def test_folder_is_kept_out_when_a_person_made_its_version_active_in_other_words(platform: Keeping) -> None:
    live(platform)
    folder = contract(lane="glue")
    [said] = register_version(platform, _parsed(folder), folder)
    assert "Edsger made it active in other words" in said
    assert platform.control.source("orders").lane == "auto"
    with pytest.raises(InvalidContract, match="registered with other rules"):
        register_version(platform, _parsed(contract(duplicates="drop")), contract(duplicates="drop"))


def test_source_stays_paused_when_another_version_becomes_active(platform: Keeping) -> None:
    live(platform)
    pause(platform, "orders", platform.person())
    live(platform, version="1.1.0")
    assert platform.control.source("orders").pause is not None


def _parsed(text: str) -> Contract:
    return parse_contract(text, "a test's contract")
