"""Gold models: a SQL file with a small header. Order and inputs come from parsing the SQL, never from a list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Literal

import sqlglot
import yaml
from pydantic import ValidationError
from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.optimizer.scope import traverse_scope

from medallion.contracts.model import Frozen
from medallion.errors import InvalidModel
from medallion.layout import Zone, checked_name
from medallion.plan.sql import WRITTEN_IN

_HEADER = re.compile(r"\A\s*/\*\s*medallion\s*\n(?P<header>.*?)\*/(?P<sql>.*)\Z", re.DOTALL)
_EXPECTED = "begin the file with /* medallion … */ holding description, materialisation, keys and partitioning as YAML"


class Input(Frozen):
    """A table that a model reads: a source's Silver or another model's Gold."""

    zone: Zone
    name: str

    @property
    def relation(self) -> str:
        """The name under which an engine offers the table to the model's SQL."""
        return f"{self.zone}__{self.name}"


class Header(Frozen):
    """What a model says of itself. `keys` identify a row of the result; `partitioning` names columns of it."""

    description: str
    materialisation: Literal["table"] = "table"
    keys: tuple[str, ...] = ()
    partitioning: tuple[str, ...] = ()


class Model(Header):
    """A Gold model, understood: `query` reads its inputs by their relations' names."""

    name: str
    inputs: tuple[Input, ...]
    query: str


def parse_model(name: str, text: str, where: str) -> Model:
    """Understand a model's file; InvalidModel says what is wrong, in `where`, and what to do."""
    checked_name("model", name)
    found = _HEADER.match(text)
    if found is None:
        raise InvalidModel(f"{where}: no header; {_EXPECTED}")
    try:
        header = Header.model_validate(yaml.safe_load(found["header"]) or {})
    except (yaml.YAMLError, ValidationError) as problem:
        raise InvalidModel(f"{where}: the header is not valid: {problem}; {_EXPECTED}") from problem
    try:
        statements = [one for one in sqlglot.parse(found["sql"], dialect=WRITTEN_IN) if one is not None]
    except ParseError as problem:
        raise InvalidModel(f"{where}: the SQL cannot be parsed: {problem}") from problem
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise InvalidModel(f"{where}: a model is one SELECT; found {len(statements)} statements or another kind")
    inputs = _name_inputs(statements[0], where)
    return Model(
        **header.model_dump(), name=name, inputs=inputs, query=statements[0].sql(dialect=WRITTEN_IN, comments=False)
    )


def in_order(models: Iterable[Model]) -> list[Model]:
    """The models, each after those whose Gold it reads; InvalidModel where they read each other in a circle."""
    named = {model.name: model for model in models}
    graph = {name: {one.name for one in model.inputs if one.zone is Zone.GOLD} for name, model in named.items()}
    for name, needed in graph.items():
        if missing := sorted(needed - named.keys()):
            raise InvalidModel(f"model {name}: reads gold.{missing[0]}, which is no model of this tenant")
    try:
        return [named[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as problem:
        circle = " → ".join(problem.args[1])
        raise InvalidModel(f"models read each other in a circle: {circle}; break it") from problem


def _name_inputs(query: exp.Query, where: str) -> tuple[Input, ...]:
    """The tables that the query reads, each renamed in place to its relation's name."""
    tables = {
        id(source): source
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    inputs: dict[Input, None] = {}
    for table in tables.values():
        if table.db not in (Zone.SILVER, Zone.GOLD) or table.catalog:
            raise InvalidModel(f"{where}: table {table.sql()!r}: read silver.<source> or gold.<model>")
        one = Input(zone=Zone(table.db), name=checked_name("table", table.name))
        inputs[one] = None
        alias = table.alias_or_name
        table.set("db", None)
        table.set("this", exp.to_identifier(one.relation))
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    if not inputs:
        raise InvalidModel(f"{where}: the model reads no table; read silver.<source> or gold.<model>")
    return tuple(sorted(inputs, key=lambda one: (one.zone, one.name)))
