"""Two versions of a contract: every difference, what of it the later one breaks, and whether its number says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from packaging.version import Version

from medallion.contracts.model import Contract, Frozen

_SETTINGS = ("duplicates", "order_by", "max_attempts", "trigger", "lane", "approval", "description", "owner")
_GROUPS = ("batch", "guard", "dialect")
_OF_A_COLUMN = ("header", "required", "optional_in_header", "description")


class Change(Frozen):
    """One difference. `path` is where, as in columns.amount.type; `said` is a sentence's part, for people.

    `breaking` where a reader or a sender of the earlier version could not live with it. Rules may be made stricter or
    looser in any version: they decide about records, not about their form.
    """

    path: str
    what: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None
    breaking: bool = False
    said: str


def changes(before: Contract, after: Contract) -> list[Change]:
    """Every difference but the version's number, those that break something first."""
    found = [*_columns(before, after), *_form(before, after), *_checks(before, after), *_settings(before, after)]
    return sorted(found, key=lambda one: not one.breaking)


def breaking_changes(before: Contract, after: Contract) -> list[str]:
    """What a reader or a sender of `before` could not live with in `after`; empty where it only adds or judges."""
    return [one.said for one in changes(before, after) if one.breaking]


def says_so(before: Contract, after: Contract) -> bool:
    """Whether the version's first number grew, which is how a contract says that it breaks the one before."""
    return Version(after.version).major > Version(before.version).major


def _columns(before: Contract, after: Contract) -> Iterable[Change]:
    earlier = {column.name: column for column in before.columns}
    later = {column.name: column for column in after.columns}
    for name, column in earlier.items():
        if name not in later:
            told = column.model_dump(mode="json")
            yield Change(
                path=f"columns.{name}", what="removed", before=told, breaking=True, said=f"column {name} is gone"
            )
    for name, column in later.items():
        told, known = column.model_dump(mode="json"), earlier.get(name)
        if known is None:
            must = not column.optional_in_header
            said = f"column {name} is new and {'must' if must else 'need not'} be in every header"
            yield Change(path=f"columns.{name}", what="added", after=told, breaking=must, said=said)
            continue
        was = known.model_dump(mode="json")
        if column.type.kind != known.type.kind:
            said = f"column {name} is {column.type.kind}, not {known.type.kind}"
            yield _changed(f"columns.{name}.type", was["type"], told["type"], said, breaking=True)
        elif column.type != known.type:
            yield _changed(f"columns.{name}.type", was["type"], told["type"])
        yield from _each(f"columns.{name}", was, told, _OF_A_COLUMN)
        yield from _rules(name, was["rules"], told["rules"])


def _rules(column: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterable[Change]:
    """By their kinds, of which a column rarely has two rules."""
    for kind in dict.fromkeys(rule["kind"] for rule in (*before, *after)):
        was, told = ([rule for rule in rules if rule["kind"] == kind] for rules in (before, after))
        path, name = f"columns.{column}.rules.{kind}", kind.replace("_", " ")
        if not was:
            yield Change(path=path, what="added", after=told, said=f"column {column} has a new rule: {name}")
        elif not told:
            yield Change(path=path, what="removed", before=was, said=f"column {column} has no rule any more: {name}")
        elif was != told:
            yield _changed(path, was, told, f"column {column} has another rule: {name}")


def _form(before: Contract, after: Contract) -> Iterable[Change]:
    if after.key != before.key:
        said = f"the key is {', '.join(after.key) or 'none'}, not {', '.join(before.key) or 'none'}"
        yield _changed("key", list(before.key), list(after.key), said, breaking=True)
    if after.load != before.load:
        said = f"load is {after.load}, not {before.load}"
        yield _changed("load", before.load.value, after.load.value, said, breaking=True)


def _checks(before: Contract, after: Contract) -> Iterable[Change]:
    earlier = {check.name: check.model_dump(mode="json") for check in before.checks}
    later = {check.name: check.model_dump(mode="json") for check in after.checks}
    for name in dict.fromkeys((*earlier, *later)):
        was, told = earlier.get(name), later.get(name)
        path = f"checks.{name}"
        if was is None:
            yield Change(path=path, what="added", after=told, said=f"condition {name} is new")
        elif told is None:
            yield Change(path=path, what="removed", before=was, said=f"condition {name} is gone")
        elif was != told:
            yield _changed(path, was, told, f"condition {name} is another one")


def _settings(before: Contract, after: Contract) -> Iterable[Change]:
    was, told = before.model_dump(mode="json"), after.model_dump(mode="json")
    yield from _each("", was, told, _SETTINGS)
    for group in _GROUPS:
        yield from _each(group, was[group], told[group], tuple(told[group]))


def _each(path: str, was: Mapping[str, Any], told: Mapping[str, Any], names: Iterable[str]) -> Iterable[Change]:
    for name in names:
        if was[name] != told[name]:
            yield _changed(f"{path}.{name}".lstrip("."), was[name], told[name])


def _changed(path: str, was: object, told: object, said: str = "", *, breaking: bool = False) -> Change:
    sentence = said or f"{path} is {_spelt(told)}, not {_spelt(was)}"
    return Change(path=path, what="changed", before=was, after=told, breaking=breaking, said=sentence)


def _spelt(value: object) -> str:
    return "none" if value is None or value == "" else str(value)
