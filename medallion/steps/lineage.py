"""Where a table comes from and goes to: the tenant's tables as a graph, and who made what one of them holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from medallion.contracts import parse_contract
from medallion.contracts.model import METADATA_COLUMNS, Contract, Frozen
from medallion.control.items import Run
from medallion.errors import UnknownTable
from medallion.layout import TableLayout, TenantLayout, Zone
from medallion.plan.gold import Model, parse_model
from medallion.plan.lineage import origins_of_columns
from medallion.steps.platform import Platform
from medallion.steps.published import Latest, Published


class Node(Frozen):
    """A table: `of` is the source or the model that it belongs to."""

    zone: Zone
    name: str
    of: str
    description: str = ""

    @property
    def table(self) -> str:
        return f"{self.zone}.{self.name}"


class How(StrEnum):
    """Why one table depends on another."""

    VERDICT = "verdict"
    """Its records are those of the other, each in the place that the contract's rules give it."""
    REPLACED = "replaced"
    """It holds what the other held once."""
    REPROCESSED = "reprocessed"
    """Records come back from it when they are corrected or released."""
    REFERENCE = "reference"
    """The contract looks values up in the other."""
    MODEL = "model"
    """The model's SQL reads the other."""


class Edge(Frozen):
    """That `to` depends on `from_`, each written zone.name."""

    from_: str
    to: str
    how: How


class ColumnOrigin(Frozen):
    """A column of the table, and the columns that it is made of (zone.name.column).

    `silver` are those of Silver behind them, where a model reads models. None: the model's SQL does not tell.
    """

    column: str
    made_of: tuple[str, ...] | None
    silver: tuple[str, ...] | None


class Lineage(Frozen):
    """A table with what is upstream and downstream of it, and its columns. `published` is what readers see now."""

    table: Node
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    columns: tuple[ColumnOrigin, ...]
    published: Published | None


class MadeBy(Frozen):
    """Runs that wrote the table, newest first. `before` is where the next page begins; empty if there is no more."""

    runs: tuple[Run, ...]
    before: str


class Tables:
    """The tenant's tables, by what is registered: nothing is asked of the catalogue."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._layout = platform.layout
        self._columns: dict[str, dict[str, tuple[str, ...] | None]] = {}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every table by zone.name, in the order of zones and names."""
        found = [*self._of_sources(), *self._of_models()]
        order = list(Zone)
        found.sort(key=lambda node: (order.index(node.zone), node.name))
        return {node.table: node for node in found}

    def node(self, zone: Zone, name: str) -> Node:
        found = self.nodes.get(f"{zone}.{name}")
        if found is None:
            raise UnknownTable(f"there is no table {zone}.{name}; list those that there are")
        return found

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """Each source's active contract."""
        control, found = self._platform.control, {}
        for source in control.sources():
            kept = control.contract(source.name, source.contract_version)
            if kept is not None:
                found[source.name] = parse_contract(kept.text, f"{source.name} {kept.version}")
        return found

    @cached_property
    def models(self) -> dict[str, Model]:
        return {one.name: parse_model(one.name, one.text, one.name) for one in self._platform.control.models()}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(dict.fromkeys([*self._edges_of_sources(), *self._edges_of_models()]))

    def _of_sources(self) -> Iterator[Node]:
        for name, contract in self.contracts.items():
            said = contract.description
            for zone, table in _tables_of(self._layout, name):
                yield Node(zone=zone, name=table.name, of=name, description=said)

    def _of_models(self) -> Iterator[Node]:
        for name, model in self.models.items():
            yield Node(zone=Zone.GOLD, name=name, of=name, description=model.description)

    def _edges_of_sources(self) -> Iterator[Edge]:
        layout = self._layout
        for name, contract in self.contracts.items():
            bronze, silver = f"bronze.{name}", f"silver.{name}"
            logged = f"quarantine.{layout.quarantine(name).name}"
            yield Edge(from_=bronze, to=silver, how=How.VERDICT)
            yield Edge(from_=bronze, to=logged, how=How.VERDICT)
            yield Edge(from_=bronze, to=f"quarantine.{layout.duplicates(name).name}", how=How.VERDICT)
            yield Edge(from_=logged, to=silver, how=How.REPROCESSED)
            yield Edge(from_=silver, to=f"silver.{layout.history(name).name}", how=How.REPLACED)
            rules = (rule for column in contract.columns for rule in column.rules)
            for rule in rules:
                if rule.kind == "reference":
                    yield Edge(from_=f"silver.{rule.source}", to=silver, how=How.REFERENCE)

    def _edges_of_models(self) -> Iterator[Edge]:
        for name, model in self.models.items():
            for one in model.inputs:
                yield Edge(from_=f"{one.zone}.{one.name}", to=f"gold.{name}", how=How.MODEL)

    def columns(self, node: Node) -> tuple[ColumnOrigin, ...]:
        """The columns of the table, and what they are made of."""
        if node.zone is Zone.GOLD:
            behind, silver = self._of_model(node.of), self._silver_behind(node.of, ())
            return tuple(
                ColumnOrigin(column=name, made_of=origins, silver=silver.get(name)) for name, origins in behind.items()
            )
        contract = self.contracts[node.of]
        if node.zone not in (Zone.BRONZE, Zone.SILVER):
            return ()
        below = f"bronze.{node.of}." if node.zone is Zone.SILVER else ""
        names = [column.name for column in contract.columns]
        return tuple(
            ColumnOrigin(column=name, made_of=(f"{below}{name}",) if below else (), silver=()) for name in names
        )

    def _of_model(self, name: str) -> dict[str, tuple[str, ...] | None]:
        """A model's columns, and the columns of the tables that it reads."""
        if name not in self._columns:
            self._columns[name] = {}  # models that read each other in a circle end here
            self._columns[name] = self._made_of(self.models[name])
        return self._columns[name]

    def _made_of(self, model: Model) -> dict[str, tuple[str, ...] | None]:
        read = {one.relation: one for one in model.inputs}
        offered = {relation: self._offered(one.zone, one.name) for relation, one in read.items()}
        found = origins_of_columns(model.query, offered)
        return {
            column: None
            if origins is None
            else tuple(f"{read[relation].zone}.{read[relation].name}.{name}" for relation, name in origins)
            for column, origins in found.items()
        }

    def _offered(self, zone: Zone, name: str) -> Sequence[str]:
        """The names of a table's columns, as its registration tells them."""
        if zone is Zone.GOLD:
            return tuple(self._of_model(name)) if name in self.models else ()
        contract = self.contracts.get(name)
        return () if contract is None else (*(column.name for column in contract.columns), *METADATA_COLUMNS)

    def _silver_behind(self, name: str, through: tuple[str, ...]) -> dict[str, tuple[str, ...] | None]:
        """A model's columns, and the columns of Silver behind them, by way of the models that it reads."""
        found: dict[str, tuple[str, ...] | None] = {}
        for column, origins in self._of_model(name).items():
            found[column] = None if origins is None else self._resolved(origins, (*through, name))
        return found

    def _resolved(self, origins: Iterable[str], through: tuple[str, ...]) -> tuple[str, ...] | None:
        resolved: set[str] = set()
        for origin in origins:
            zone, model, column = origin.split(".", 2)
            if zone != Zone.GOLD:
                resolved.add(origin)
                continue
            behind = None if model in through else self._silver_behind(model, through).get(column)
            if behind is None:
                return None
            resolved |= set(behind)
        return tuple(sorted(resolved))


def lineage_of(platform: Platform, zone: Zone, name: str) -> Lineage:
    """What stands before and behind a table. UnknownTable if there is none of that name."""
    tables = Tables(platform)
    table = tables.node(zone, name)
    edges = [edge for edge in tables.edges if edge.from_ in tables.nodes and edge.to in tables.nodes]
    before, behind = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for edge in edges:
        before[edge.to].append(edge.from_)
        behind[edge.from_].append(edge.to)
    upstream, downstream = _reached(table.table, before), _reached(table.table, behind)
    kept = tuple(edge for edge in edges if {edge.from_, edge.to} <= upstream or {edge.from_, edge.to} <= downstream)
    return Lineage(
        table=table,
        nodes=tuple(node for named, node in tables.nodes.items() if named in upstream | downstream),
        edges=kept,
        columns=tables.columns(table),
        published=_published(platform, zone, name),
    )


def made_by(platform: Platform, table: Node, limit: int, before: str = "") -> MadeBy:
    """The runs of the table's source or model, `limit` at most; those before the run `before`."""
    page = platform.control.run_lists.page(limit, subject=table.of, before=before)
    # A source and a model may be called the same.
    of_source = table.zone is not Zone.GOLD
    return MadeBy(runs=tuple(run for run in page.runs if run.kind.of_source is of_source), before=page.place)


def _tables_of(layout: TenantLayout, source: str) -> tuple[tuple[Zone, TableLayout], ...]:
    return (
        (Zone.BRONZE, layout.bronze(source)),
        (Zone.SILVER, layout.silver(source)),
        (Zone.SILVER, layout.history(source)),
        (Zone.QUARANTINE, layout.quarantine(source)),
        (Zone.QUARANTINE, layout.duplicates(source)),
    )


def _reached(start: str, along: Mapping[str, Sequence[str]]) -> set[str]:
    """The table, and all that is reached from it."""
    found, left = {start}, [start]
    while left:
        new = set(along[left.pop()]) - found
        found |= new
        left += new
    return found


def _published(platform: Platform, zone: Zone, name: str) -> Published | None:
    if zone not in (Zone.SILVER, Zone.GOLD):
        return None
    latest = platform.read_object(Latest, platform.layout.bucket(zone), platform.layout.latest_key(name))
    return None if latest is None else latest.current
