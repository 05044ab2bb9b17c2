"""Gold models as data: a text is checked, kept as the next revision, and what it replaced can be looked at."""

from __future__ import annotations

from medallion.control.items import GoldModel, Run
from medallion.control.models import ModelVersion
from medallion.errors import InvalidModel, ModelChanged, UnknownModel
from medallion.layout import Zone
from medallion.people import Person
from medallion.plan.gold import Header, Input, Model, in_order, parse_model
from medallion.steps.platform import Platform
from medallion.steps.sources import last_run_of


def model_of(platform: Platform, name: str) -> GoldModel:
    """The model; UnknownModel if there is none."""
    found = platform.control.model(name)
    if found is None:
        raise UnknownModel(f"tenant {platform.layout.tenant} has no model {name!r}; list those that there are")
    return found


def model_version(platform: Platform, name: str, revision: int) -> ModelVersion:
    """A text that the model has or had; UnknownModel if there is none of that number."""
    found = platform.control.model_versions.version(model_of(platform, name).name, revision)
    if found is None:
        raise UnknownModel(f"model {name!r} of tenant {platform.layout.tenant} has no revision {revision}")
    return found


def header_of(model: GoldModel) -> Header:
    """What the model says of itself."""
    return parse_model(model.name, model.text, f"{model.name}.sql")


def last_build(platform: Platform, name: str) -> Run | None:
    """The model's newest build."""
    return last_run_of(platform, name, of_source=False)


def set_model(platform: Platform, name: str, text: str, person: Person, replaces: int | None = None) -> GoldModel:
    """Make the text the model's, a new one or the next of one that is known; its next build goes by it.

    InvalidModel says what is wrong with it. With `replaces`, only where the model's revision is still that one, 0 for
    none: ModelChanged otherwise. The same text again changes nothing.
    """
    stands = platform.control.model(name)
    revision = 0 if stands is None else stands.revision
    if replaces not in (None, revision):
        raise ModelChanged(f"model {name} is at revision {revision}, not {replaces}: look at it and set it again")
    model = check_inputs(platform, name, text)
    if stands is not None and stands.text == text and stands.revision:
        return stands
    _set(platform, model, text, revision, person)
    return model_of(platform, name)


def keep_model(platform: Platform, name: str, text: str) -> list[str]:
    """Make a folder's text the model's, unless a person set another. What is kept out, as a sentence."""
    stands = platform.control.model(name)
    if stands is not None and stands.text == text and stands.revision:
        if stands.set_by:
            platform.control.model_versions.give_back(name, stands.revision)
        return []
    if stands is not None and stands.set_by:
        whose = f"model {name} of tenant {platform.layout.tenant}"
        return [f"{whose}: the folder's text is kept out: {stands.set_by} set another"]
    model = parse_model(name, text, f"{name}.sql")
    _set(platform, model, text, 0 if stands is None else stands.revision, Person("", "", platform.clock()))
    return []


def _set(platform: Platform, model: Model, text: str, revision: int, person: Person) -> None:
    version = ModelVersion(
        name=model.name,
        revision=revision + 1,
        text=text,
        inputs=tuple(named(one) for one in model.inputs),
        set_by=person.by,
        set_at=person.at,
        reason=person.reason,
    )
    if not platform.control.model_versions.set(version):
        raise ModelChanged(f"model {model.name} was set by someone else meanwhile: look at it and set it again")


def check_inputs(platform: Platform, name: str, text: str) -> Model:
    """The text, understood. InvalidModel where it reads what is not this tenant's, or what is made of itself."""
    model = parse_model(name, text, f"{name}.sql")
    known = [parse_model(one.name, one.text, f"{one.name}.sql") for one in platform.control.models()]
    sources = {one.name for one in platform.control.sources()}
    missing = [one.name for one in model.inputs if one.zone is Zone.SILVER and one.name not in sources]
    if missing:
        raise InvalidModel(
            f"{model.name}.sql: reads silver.{missing[0]}, which is no source of tenant {platform.layout.tenant}"
        )
    in_order([*(one for one in known if one.name != model.name), model])
    return model


def named(one: Input) -> str:
    """An input as a model's registration lists it."""
    return f"{one.zone}.{one.name}"
