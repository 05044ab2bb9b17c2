"""What the demo found, for a reader who sees the platform for the first time."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.report import DemoReport, GoldReport

_OUTCOMES = ("inserted", "updated", "duplicates", "quarantined", "condemned")


def print_summary(report: DemoReport, console: Console) -> None:
    """Print the report: records, reasons, the same files again, Gold, what it took, and whether all of it held."""
    for part in (_records(report), _reasons(report), _again(report), *_gold(report), _cost(report), _verdict(report)):
        console.print()
        console.print(part)


def _records(report: DemoReport) -> Group:
    table = _table("file", "rows in", *_OUTCOMES, "seconds to Silver")
    for tenant, found in report.tenants.items():
        for source, one in found.sources.items():
            outcomes = (_number(getattr(one, name)) for name in _OUTCOMES)
            seconds = f"{one.landing_to_silver_seconds:.1f}"
            table.add_row(f"{tenant}/{source}", _number(one.rows_in), *outcomes, seconds)
    table.add_row("all", *(_number(getattr(report.totals, name)) for name in ("rows_in", *_OUTCOMES)), "", style="bold")
    return _titled("Every record of every file has exactly one outcome", table)


def _reasons(report: DemoReport) -> Group:
    table = _table("file", "code", "records", left=2)
    for tenant, found in report.tenants.items():
        for source, one in found.sources.items():
            for code, count in one.quarantined_by_code.items():
                table.add_row(f"{tenant}/{source}", code, _number(count))
    return _titled("Why records are in quarantine; each keeps all its errors", table)


def _again(report: DemoReport) -> Group:
    table = _table("file", "rows in", "duplicates", "new in Silver", "new in quarantine")
    for tenant, found in report.tenants.items():
        for source, one in found.dropped_again.items():
            before, after = one.before, one.after_dropped_again
            new = (_number(after.silver - before.silver), _number(after.quarantine - before.quarantine))
            table.add_row(f"{tenant}/{source}", _number(one.rows_in), _number(one.duplicates), *new)
    return _titled("The same files, dropped again: nothing new for any reader", table)


def _gold(report: DemoReport) -> Iterator[Group]:
    for tenant, found in report.tenants.items():
        for model, one in found.gold.items():
            yield _answer(f"{tenant}, Gold: {one.question} ({model}, {one.rows:,} rows)", one)


def _answer(title: str, gold: GoldReport) -> Group:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for position, column in enumerate(gold.columns):
        words = any(isinstance(row[position], str) and not _is_number(row[position]) for row in gold.answer)
        table.add_column(column, justify="left" if words else "right")
    for row in gold.answer:
        table.add_row(*("" if cell is None else _number(cell) for cell in row))
    return _titled(title, table)


def _cost(report: DemoReport) -> Text:
    deployed = report.deployment
    emulated = sum(deployed.emulated.values())
    recorded = ", ".join(f"{name} ({count})" for name, count in deployed.recorded_only.items()) or "none"
    return Text.assemble(
        ("What stood there  ", "bold"),
        f"{deployed.stacks} stacks, {emulated} resources of {len(deployed.emulated)} types, "
        f"deployed by the CDK command with IAM enforced. Recorded only, with nothing behind them here: {recorded}.\n",
        ("What it took  ", "bold"),
        f"{report.seconds['total']:.0f} s and {report.peak_memory_mb:,} MB of memory at most, all processes together.",
    )


def _verdict(report: DemoReport) -> Group | Panel:
    if report.ok:
        missed = (Text(f"Slower than it is to be: {sentence}", style="yellow") for sentence in report.beyond_targets)
        return Group(*missed, _all_is_well())
    return Panel("\n".join(f"- {problem}" for problem in report.problems), title="This is off", style="red")


def _all_is_well() -> Panel:
    return Panel("No record lost, doubled or changed: files, runs and tables agree.", style="green")


def _titled(title: str, table: Table) -> Group:
    """The title on a line of its own: a table would fold it to its own width."""
    return Group(Text(title, style="bold"), table)


def _table(*columns: str, left: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position < left else "right")
    return table


def _number(cell: object) -> str:
    """A count with its thousands apart; anything else as it is."""
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
