"""Nothing is allowed that nothing needs: each scenario works, and no longer does without any one of its grants."""

from __future__ import annotations

import pytest

from medallion.layout import Job, Machine, Task
from tests.least_privilege.needs import BY_STATEMENT, SCENARIOS, judged, scenario_of
from tests.least_privilege.policies import Policies, actions
from tests.least_privilege.scenarios import Scenario
from tests.least_privilege.statements import Grant, grants
from tests.least_privilege.trial import Broken, Trial
from tests.least_privilege.unjudged import UNJUDGED

ROLES = (*Task, *Machine, *(f"{job}-job" for job in Job), "schedule", "api")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_works_when_every_statement_is_in_place(trial: Trial, scenario: Scenario) -> None:
    scenario.play(trial)


@pytest.mark.parametrize("grant", judged(grants()), ids=str)
def test_scenario_breaks_when_a_grant_is_taken_away(trial: Trial, grant: Grant) -> None:
    scenario = scenario_of(grant)
    with trial.policies.without(grant.of, grant.sid, grant.action):
        if grant.of in [*Task]:
            trial.forget(Task(grant.of))
        with pytest.raises(Broken) as broken:
            scenario.play(trial)
    assert broken.value.refused or scenario.silent, f"broken, but not by a refusal: {broken.value}"


# --- what the embedded AWS cannot judge


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_works_when_what_is_listed_as_unjudged_is_taken_away(trial: Trial, scenario: Scenario) -> None:
    """So the list holds nothing that could be judged."""
    dropped: dict[str, set[str]] = {}
    for of, sid in UNJUDGED:
        dropped.setdefault(of, set()).add(sid)
    with trial.policies.without_statements(dropped):
        scenario.play(trial)


@pytest.mark.parametrize(("of", "sid"), UNJUDGED, ids=str)
def test_statement_says_the_least_when_it_cannot_be_judged(tenant: Trial, of: str, sid: str) -> None:
    alias = tenant.deployed.layout.key_alias
    key_arn = tenant.deployed.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    assert tenant.policies.statements(of)[sid] == UNJUDGED[of, sid].statement(sid, key_arn)


# --- nothing escapes


@pytest.mark.parametrize("of", ROLES)
def test_deployed_role_allows_what_the_template_says_when_it_is_read(tenant: Trial, of: str) -> None:
    deployed = {(sid, action) for sid, each in tenant.policies.statements(of).items() for action in actions(each)}
    assert deployed == {(grant.sid, grant.action) for grant in grants() if grant.of == of}


def test_every_role_is_known_when_grants_are_read() -> None:
    assert {grant.of for grant in grants()} == set(ROLES)


def test_every_listed_statement_exists_when_it_is_looked_for() -> None:
    known = {(grant.of, grant.sid) for grant in grants()}
    assert {*UNJUDGED, *BY_STATEMENT} - known == set()
    assert not set(UNJUDGED) & set(BY_STATEMENT)


def test_policy_is_put_back_when_a_case_fails(tenant: Trial) -> None:
    policies: Policies = tenant.policies
    before = policies.statements(Task.GATE)

    def fail_without_a_grant() -> None:
        with policies.without(Task.GATE, "GetRuns", "s3:GetObject"):
            assert "GetRuns" not in policies.statements(Task.GATE)
            raise Broken("as a scenario would")

    with pytest.raises(Broken):
        fail_without_a_grant()
    assert policies.statements(Task.GATE) == before
