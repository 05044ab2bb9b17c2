"""A contract's file, and how a proposal is shown."""

from __future__ import annotations

from pathlib import Path

from cli.documents.sources import ProposalDocument
from cli.errors import BadArgument
from cli.output import print_facts, print_json, status_text


def contract_text(contract: Path) -> str:
    """The file's text; BadArgument where it is none."""
    try:
        return contract.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadArgument(f"{contract} cannot be read as UTF-8 text: {problem}") from problem


def show_proposal(one: ProposalDocument, *, as_json: bool) -> None:
    """Print a proposal, with what it changes."""
    if as_json:
        print_json(one.plain())
        return
    print_facts(
        [
            ("proposal", one.proposal_id),
            ("source", one.source),
            ("version", one.version),
            ("status", status_text(one.status)),
            ("proposed by", f"{one.proposed.by}: {one.proposed.reason}"),
            ("decided by", one.decision and f"{one.decision.by}: {one.decision.reason}"),
            ("against", one.against or "nothing: the source is new"),
            ("breaks", "\n".join(one.breaking)),
            ("changes", "\n".join(one.compatible)),
        ]
    )
