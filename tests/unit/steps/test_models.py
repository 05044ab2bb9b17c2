"""Gold models as data: checked, kept with what they replace, and not undone by a folder."""

from __future__ import annotations

import pytest

from medallion.contracts import parse_contract
from medallion.errors import InvalidModel, ModelChanged, UnknownModel
from medallion.steps.models import keep_model, model_of, model_version, set_model
from medallion.steps.seed import register_version
from tests.unit.steps.keeping import Keeping, contract


@pytest.fixture
def platform() -> Keeping:
    made = Keeping.new()
    register_version(made, parse_contract(contract(), "a test's contract"), contract())
    return made


def model(query: str = "SELECT id FROM silver.orders") -> str:
    return f"/* medallion\ndescription: What was ordered.\nkeys: [id]\n*/\n{query}\n"


def test_each_text_stays_when_a_model_is_set_again(platform: Keeping) -> None:
    first = set_model(platform, "listed", model(), platform.person())
    assert (first.revision, first.inputs, first.set_by) == (1, ("silver.orders",), "Ada")
    platform.control.ask_for_build("listed", "a-build")
    second = set_model(platform, "listed", model("SELECT id + 1 AS id FROM silver.orders"), platform.person("Grace"))
    assert (second.revision, second.pending_run_id) == (2, "a-build")
    page = platform.control.model_versions.page("listed", 1)
    assert [(one.revision, one.set_by) for one in page.versions] == [(2, "Grace")]
    assert [one.text for one in platform.control.model_versions.page("listed", 5, page.before).versions] == [model()]
    assert model_version(platform, "listed", 1).text == model()
    assert set_model(platform, "listed", second.text, platform.person()) == second


def test_the_first_stands_when_two_set_a_model(platform: Keeping) -> None:
    set_model(platform, "listed", model(), platform.person(), replaces=0)
    with pytest.raises(ModelChanged, match="at revision 1, not 0"):
        set_model(platform, "listed", model("SELECT 1 AS id FROM silver.orders"), platform.person(), replaces=0)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT 1 FROM silver.nothing", "silver.nothing, which is no source"),
        ("SELECT 1 FROM gold.nothing", "gold.nothing, which is no model"),
        ("SELECT id FROM gold.listed", "in a circle"),
        ("DELETE FROM silver.orders", "one SELECT"),
    ],
)
def test_model_is_refused_when_it_cannot_be_built(platform: Keeping, query: str, why: str) -> None:
    with pytest.raises(InvalidModel, match=why):
        set_model(platform, "listed", model(query), platform.person())
    with pytest.raises(UnknownModel):
        model_of(platform, "listed")


def test_folder_is_kept_out_while_a_person_has_another_text(platform: Keeping) -> None:
    assert keep_model(platform, "listed", model()) == []
    assert keep_model(platform, "listed", model("SELECT 2 AS id FROM silver.orders")) == []
    mine = set_model(platform, "listed", model("SELECT 3 AS id FROM silver.orders"), platform.person())
    [said] = keep_model(platform, "listed", model())
    assert "kept out: Ada set another" in said
    assert model_of(platform, "listed") == mine
    assert keep_model(platform, "listed", mine.text) == []
    assert model_of(platform, "listed").set_by == ""
    assert keep_model(platform, "listed", model()) == []
    assert model_of(platform, "listed").revision == 4


def test_texts_are_kept_from_now_on_when_a_model_was_registered_before_they_were(platform: Keeping) -> None:
    keep_model(platform, "listed", model())
    for key in [key for key in platform.table.items if key.sk.startswith("VERSION#")]:
        del platform.table.items[key]
    for item in platform.table.items.values():
        if item.get("text") == model():
            del item["revision"]
    keep_model(platform, "listed", model())
    assert (model_of(platform, "listed").revision, model_version(platform, "listed", 1).text) == (1, model())
