"""A contract's document → the normalised contract."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from medallion.contracts import load_contract
from medallion.contracts.model import (
    Batch,
    BooleanType,
    Check,
    DateType,
    DecimalType,
    DoubleType,
    Encoding,
    Guard,
    IntegerType,
    Lane,
    Length,
    Pattern,
    Range,
    Reference,
    StringType,
    TimestampType,
    Trigger,
    ValidValues,
)
from medallion.errors import InvalidContract
from tests.unit.contracts.writing import document, findings, parsed


def test_names_and_key_are_taken_over_when_the_contract_is_valid() -> None:
    contract = parsed(document(schema={"description": "What was ordered."}, items={"required": True}))
    assert (contract.id, contract.version, contract.source) == ("shop-orders", "1.0.0", "orders")
    assert contract.description == "What was ordered."
    assert [(column.name, column.header) for column in contract.columns][:2] == [
        ("order_id", "Order"),
        ("price", "price"),
    ]
    assert [column.required for column in contract.columns] == [False, False, True, False]
    assert contract.key == ("order_id",)


def test_the_key_is_in_its_own_order_when_positions_say_so() -> None:
    content = document(order_id={"primaryKeyPosition": 2}, items={"primaryKey": True, "primaryKeyPosition": 1})
    assert parsed(content).key == ("items", "order_id")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"logicalType": "string"}, StringType()),
        ({"logicalType": "integer"}, IntegerType()),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "i64"}}, IntegerType()),
        ({"logicalType": "number"}, DoubleType()),
        ({"logicalType": "number", "physicalType": "NUMERIC( 38 , 38 )"}, DecimalType(precision=38, scale=38)),
        ({"logicalType": "number", "physicalType": "decimal(9)"}, DecimalType(precision=9, scale=0)),
        ({"logicalType": "boolean"}, BooleanType()),
        ({"logicalType": "date"}, DateType()),
        ({"logicalType": "date", "logicalTypeOptions": {"format": "dd.MM.yyyy"}}, DateType(formats=("dd.MM.yyyy",))),
        ({"logicalType": "timestamp"}, TimestampType()),
        (
            {
                "logicalType": "timestamp",
                "logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm"},
                "customProperties": [{"property": "formats", "value": ["yyyyMMddHHmmss"]}],
            },
            TimestampType(formats=("yyyy-MM-dd HH:mm", "yyyyMMddHHmmss")),
        ),
    ],
)
def test_a_type_is_read_when_the_standard_spells_it(given: dict[str, object], kind: object) -> None:
    assert parsed(document(items=given)).column("items").type == kind


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (
            {"logicalType": "integer", "logicalTypeOptions": {"minimum": -1, "exclusiveMaximum": 10.0}},
            Range(minimum="-1", exclusive_maximum="10"),
        ),
        (
            {"logicalType": "number", "logicalTypeOptions": {"exclusiveMinimum": 1e-7, "maximum": 1e20}},
            Range(exclusive_minimum="0.0000001", maximum="100000000000000000000"),
        ),
        ({"logicalType": "date", "logicalTypeOptions": {"minimum": "2020-01-01"}}, Range(minimum="2020-01-01")),
        (
            {"logicalType": "timestamp", "logicalTypeOptions": {"minimum": "2020-01-01T01:00:00+01:00"}},
            Range(minimum="2020-01-01 00:00:00+00:00"),
        ),
        (
            {
                "logicalType": "timestamp",
                "logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm:ss", "maximum": "2020-01-01T01:00:00"},
            },
            Range(maximum="2020-01-01 01:00:00"),
        ),
        (
            {"logicalType": "string", "logicalTypeOptions": {"minLength": 1, "maxLength": 3}},
            Length(minimum=1, maximum=3),
        ),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": r"^A\s.$"}}, Pattern(regex=r"A[\t\n\f\r ][^\n]")),
        ({"relationships": [{"to": "goods.number"}]}, Reference(source="goods", column="number")),
        (
            {"quality": [{"metric": "invalidValues", "arguments": {"validValues": ["A", 1, "A"]}, "mustBe": 0}]},
            ValidValues(values=("A", "1")),
        ),
        (
            {
                "quality": [
                    {
                        "type": "library",
                        "metric": "invalidValues",
                        "arguments": {"pattern": "[A-Z]+"},
                        "mustBe": 0,
                        "customProperties": [{"property": "errorCode", "value": "LETTER_ERROR"}],
                    }
                ]
            },
            Pattern(regex="[A-Z]+", code="LETTER_ERROR"),
        ),
    ],
)
def test_a_rule_is_read_when_the_standard_spells_it(given: dict[str, object], rule: object) -> None:
    assert parsed(document(items=given)).column("items").rules == (rule,)


def test_a_column_is_required_when_no_null_values_may_be() -> None:
    contract = parsed(document(items={"quality": [{"metric": "nullValues", "mustBe": 0}]}))
    assert contract.column("items").required


def test_checks_are_read_when_they_are_custom_rules() -> None:
    rule = {"type": "custom", "engine": "medallion", "implementation": "items>0 -- at least one"}
    contract = parsed(
        document(
            schema={"quality": [{**rule, "name": "some", "description": "An order has items."}]},
            price={
                "quality": [
                    {**rule, "name": "paid", "customProperties": [{"property": "errorCode", "value": "UNPAID"}]}
                ]
            },
            items={"quality": [{"type": "text", "description": "For people only."}]},
        )
    )
    assert contract.checks == (
        Check(
            name="paid",
            expression="items > 0",
            message="the record does not satisfy paid",
            code="UNPAID",
            column="price",
        ),
        Check(name="some", expression="items > 0", message="An order has items."),
    )


def test_settings_are_read_when_custom_properties_name_them() -> None:
    on_contract = {
        "csvDelimiter": ";",
        "csvQuote": "'",
        "encoding": "utf-16",
        "compression": "gzip",
        "lane": "glue",
    }
    on_schema = {"nullValues": ["NA", ""], "duplicates": "drop", "trigger": "schedule", "approval": "manual"}
    contract = parsed(
        document(
            customProperties=[
                *({"property": name, "value": value} for name, value in on_contract.items()),
                {"property": "costCentre", "value": 42},
            ],
            schema={"customProperties": [{"property": name, "value": value} for name, value in on_schema.items()]},
            items={"customProperties": [{"property": "optionalInHeader", "value": True}]},
        )
    )
    dialect = contract.dialect
    assert (dialect.delimiter, dialect.quote, dialect.encoding) == (";", "'", Encoding.UTF_16)
    assert (dialect.compression, dialect.null_values) == ("gzip", ("NA", ""))
    assert (contract.duplicates, contract.trigger) == ("drop", Trigger.SCHEDULE)
    assert (contract.lane, contract.approval) == (Lane.GLUE, "manual")
    assert [column.name for column in contract.columns if column.optional_in_header] == ["items"]


def test_batch_and_guard_are_read_when_custom_properties_name_them() -> None:
    given = {"batchMinutes": 15, "batchBytes": 1_000_000, "batchCount": 500, "breakerPercent": 2.5, "rowCount": "hold"}
    contract = parsed(document(customProperties=[{"property": name, "value": one} for name, one in given.items()]))
    assert contract.batch == Batch(minutes=15, bytes=1_000_000, count=500)
    assert contract.guard == Guard(breaker_percent=Decimal("2.5"), row_count="hold")
    assert parsed(document()).batch.at_once


def test_batch_is_refused_when_the_source_runs_by_schedule() -> None:
    given = [{"property": "batchCount", "value": 5}, {"property": "trigger", "value": "schedule"}]
    [finding] = findings(document(customProperties=given))
    assert "batchCount" in finding


def test_a_setting_is_read_when_it_has_its_former_name() -> None:
    former = [{"property": "csvEncoding", "value": "utf-16-le"}, {"property": "csvCompression", "value": "zstd"}]
    today = [{"property": "encoding", "value": "utf-16-le"}, {"property": "compression", "value": "zstd"}]
    assert parsed(document(customProperties=former)) == parsed(document(customProperties=today))
    assert parsed(document(customProperties=former)).dialect.compression == "zstd"


def test_paths_are_read_when_objects_are_json() -> None:
    settings = [{"property": "format", "value": "json"}, {"property": "recordsPath", "value": "$.data[0]['a.b']"}]
    contract = parsed(document(customProperties=settings, items={"physicalName": "lines[0]['no.'].count"}))
    assert (contract.dialect.format, contract.dialect.records_path) == ("json", "$.data[0]['a.b']")
    assert contract.column("items").header == "lines[0]['no.'].count"


def test_the_file_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidContract, match=r"none\.yaml: there is no such file"):
        load_contract(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"id: caf\xe9")
    with pytest.raises(InvalidContract, match=r"latin\.yaml: the file is not UTF-8; save it as UTF-8"):
        load_contract(tmp_path / "latin.yaml")
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(document()), encoding="utf-8")
    assert load_contract(tmp_path / "good.yaml").source == "orders"


def test_every_finding_is_listed_when_there_are_several() -> None:
    found = findings(
        document(
            version="1",
            colour="red",
            schema={"name": "Orders"},
            items={"name": "run_id", "logicalTypeOptions": {"minimum": 2, "maximum": 1}},
            price={"physicalType": "decimal(50,2)"},
        )
    )
    assert [line.split(": ")[0] for line in found] == [
        "the document",
        "version",
        "schema[0].name",
        "schema[0].properties[1].physicalType",
        "schema[0].properties[2].name",
        "schema[0].properties[2].logicalTypeOptions",
    ]
