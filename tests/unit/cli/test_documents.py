"""What the command prints has the attributes that the API's own documents have."""

from __future__ import annotations

import json

import pytest

from cli.documents import Document, people, quarantine, reading, runs, sources
from lambdas.api.document import FILE

SCHEMAS = json.loads(FILE.read_text(encoding="utf-8"))["components"]["schemas"]


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (runs.RunSummary, "RunView"),
        (runs.RunDetail, "RunDetail"),
        (runs.Totals, "Totals"),
        (runs.ObjectTotals, "ObjectView"),
        (runs.Approval, "ApprovalView"),
        (quarantine.Entry, "EntryView"),
        (quarantine.WholeEntry, "WholeEntryView"),
        (quarantine.Said, "SaidView"),
        (quarantine.Breaker, "BreakerView"),
        (quarantine.Opening, "OpeningView"),
        (reading.Used, "UsageView"),
        (reading.DayUsed, "DayView"),
        (reading.RunsUsed, "RunsView"),
        (reading.QueriesUsed, "QueriesView"),
        (reading.Cost, "CostView"),
        (reading.CostLine, "LineView"),
        (sources.SourceDocument, "SourceView"),
        (sources.LastRun, "LastRun"),
        (sources.ScheduleDocument, "ScheduleView"),
        (sources.VersionDocument, "VersionView"),
        (sources.ProposalDocument, "ProposalView"),
        (people.Me, "Me"),
        (people.KeyDocument, "KeyView"),
        (people.NewKey, "NewKey"),
        (people.AuditDocument, "AuditView"),
        (people.OperationSummary, "OperationSummary"),
        (people.OperationDetail, "OperationView"),
    ],
    ids=lambda given: given if isinstance(given, str) else given.__name__,
)
def test_document_is_the_apis_when_the_two_are_compared(document: type[Document], name: str) -> None:
    # An entry's id is the API's own word, by which nothing is asked directly.
    assert document.model_fields.keys() == SCHEMAS[name]["properties"].keys() - {"entry_id"}
