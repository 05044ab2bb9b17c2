"""Each way in which a contract can be wrong is told with its place and its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.contracts.writing import Document, document, findings

ITEMS = "schema[0].properties[2]"


def _quality(**rule: Any) -> Document:
    return document(items={"quality": [rule]})


def _check(expression: Any, **more: Any) -> Document:
    return _quality(type="custom", engine="medallion", name="some", implementation=expression, **more)


def _setting(name: str, value: Any) -> Document:
    return document(customProperties=[{"property": name, "value": value}])


def _settings(**values: Any) -> Document:
    return document(customProperties=[{"property": name, "value": value} for name, value in values.items()])


def _json(path: str) -> Document:
    return document(customProperties=[{"property": "format", "value": "jsonl"}], items={"physicalName": path})


def _valid(values: Any, **more: Any) -> Document:
    return _quality(metric="invalidValues", arguments={"validValues": values}, mustBe=0, **more)


def _without(name: str) -> Document:
    content = document()
    del content[name]
    return content


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a: [1", "line 1, column 6", "not valid YAML"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1", "a is given twice"),
        ("- 1", "the document", "not a mapping"),
        ("", "the document", "not a mapping"),
        ("a: \0", "the document", "not valid YAML"),
    ],
)
def test_the_line_is_named_when_the_text_is_no_document(text: str, place: str, problem: str) -> None:
    (line,) = findings(text)
    assert line.startswith(f"{place}: ")
    assert problem in line


@pytest.mark.parametrize(
    ("content", "place", "told"),
    [
        # the standard's form
        (_without("version"), "the document", "'version' is a required property; add it"),
        (
            document(status=1),
            "status",
            "is not of type 'string'; write the value in that type, in quotes if it is text",
        ),
        (document(items={"colour": "red"}), ITEMS, "'colour' was unexpected"),
        (document(apiVersion="v3.0.2"), "apiVersion", "another version of the standard; write v3.1.0"),
        (document(version="1.0"), "version", "has not three numbers"),
        # the source
        (document(schema={"name": "Orders"}), "schema[0].name", "'Orders' cannot name a source; use lower-case"),
        (document(schema={"name": "a" * 58}), "schema[0].name", "use 57 characters at most"),
        (document(schema={"properties": []}), "schema[0].properties", "list them"),
        (
            document(schema={"relationships": [{"from": "orders.items", "to": "goods.number"}]}),
            "schema[0].relationships",
            "write it on the property that refers",
        ),
        # columns
        (document(items={"name": "Items"}), f"{ITEMS}.name", "the header's own spelling goes to physicalName"),
        (document(items={"name": "run_id"}), f"{ITEMS}.name", "kept for the platform's own columns"),
        (document(items={"name": "items__text"}), f"{ITEMS}.name", "kept for the platform's own columns"),
        (document(items={"name": "price", "physicalName": "x"}), f"{ITEMS}.name", "price is another property's"),
        (document(items={"physicalName": "Order"}), f"{ITEMS}.physicalName", "Order is another property's"),
        (document(items={"primaryKey": True}), f"{ITEMS}.primaryKeyPosition", "number the key's columns from 1"),
        (document(items={"primaryKeyPosition": 1}), f"{ITEMS}.primaryKeyPosition", "add primaryKey: true"),
        (document(items={"unique": True}), f"{ITEMS}.unique", "make the property the primaryKey"),
        (document(items={"logicalType": "time"}), f"{ITEMS}.logicalType", "use one of string, integer"),
        # types and their options
        (document(price={"physicalType": "decimal(39,2)"}), "schema[0].properties[1].physicalType", "1 to 38 digits"),
        (
            document(price={"physicalType": "decimal(2,3)"}),
            "schema[0].properties[1].physicalType",
            "up to the precision",
        ),
        (
            document(items={"logicalTypeOptions": {"multipleOf": 2}}),
            f"{ITEMS}.logicalTypeOptions.multipleOf",
            "is not checked for type integer by this platform; use one of minimum",
        ),
        (
            document(items={"logicalTypeOptions": {"format": "u8"}}),
            f"{ITEMS}.logicalTypeOptions.format",
            "u8 is not supported; use i64",
        ),
        (
            document(items={"logicalTypeOptions": {"minimum": 2, "exclusiveMaximum": 1}}),
            f"{ITEMS}.logicalTypeOptions",
            "no value lies between its bounds",
        ),
        (document(items={"logicalTypeOptions": {"minimum": 1.5}}), f"{ITEMS}.logicalTypeOptions.minimum", "not whole"),
        (
            document(price={"logicalTypeOptions": {"minimum": 0.001}}),
            "schema[0].properties[1].logicalTypeOptions.minimum",
            "more than 2 digits after the point",
        ),
        (
            document(price={"logicalTypeOptions": {"minimum": float("inf")}, "physicalType": "double"}),
            "schema[0].properties[1].logicalTypeOptions.minimum",
            "it is not finite",
        ),
        (
            document(ordered_on={"logicalTypeOptions": {"minimum": "2020-02-30"}}),
            "schema[0].properties[3].logicalTypeOptions.minimum",
            "write a number, or an ISO 8601 date",
        ),
        (
            document(ordered_on={"logicalType": "timestamp", "logicalTypeOptions": {"minimum": "2020-01-01T00:00:00"}}),
            "schema[0].properties[3].logicalTypeOptions.minimum",
            "give it a zone exactly if the column's format has one",
        ),
        (
            document(items={"logicalType": "string", "logicalTypeOptions": {"minLength": 3, "maxLength": 2}}),
            f"{ITEMS}.logicalTypeOptions",
            "minLength is more than maxLength",
        ),
        (
            document(items={"logicalType": "string", "logicalTypeOptions": {"pattern": "(?=a)"}}),
            f"{ITEMS}.logicalTypeOptions.pattern",
            "use what RE2 and Java share",
        ),
        (
            document(ordered_on={"logicalTypeOptions": {"format": "d.M.yyyy"}}),
            "schema[0].properties[3].logicalTypeOptions.format",
            "use yyyy MM dd HH mm ss",
        ),
        (
            document(
                ordered_on={
                    "logicalType": "timestamp",
                    "logicalTypeOptions": {"format": "yyyy-MM-dd HH:mmX"},
                    "customProperties": [{"property": "formats", "value": ["yyyy-MM-dd HH:mm"]}],
                }
            ),
            "schema[0].properties[3]",
            "some of its formats have a zone and some have none",
        ),
        (
            document(items={"customProperties": [{"property": "formats", "value": ["yyyy-MM-dd"]}]}),
            ITEMS,
            "formats are given for type integer",
        ),
        # references
        (
            document(items={"relationships": [{"to": "schema/goods/properties/number"}]}),
            f"{ITEMS}.relationships[0].to",
            "write it as source.column",
        ),
        (
            document(items={"relationships": [{"to": ["goods.number"]}]}),
            f"{ITEMS}.relationships[0].to",
            "write it as source.column",
        ),
        # quality
        (_quality(metric="rowCount", mustBe=0), f"{ITEMS}.quality[0]", "metric rowCount on a property is not checked"),
        (
            _quality(type="sql", query="SELECT 1", mustBe=0),
            f"{ITEMS}.quality[0]",
            "type sql on a property is not checked",
        ),
        (
            document(schema={"quality": [{"metric": "nullValues", "mustBe": 0}]}),
            "schema[0].quality[0]",
            "metric nullValues on the schema is not checked",
        ),
        (_quality(metric="nullValues", mustBeLessThan=5), f"{ITEMS}.quality[0]", "write mustBe: 0, and no other bound"),
        (_quality(metric="nullValues", mustBe=1), f"{ITEMS}.quality[0]", "write mustBe: 0, and no other bound"),
        (_quality(metric="invalidValues", mustBe=0), f"{ITEMS}.quality[0]", "add arguments: validValues or pattern"),
        (_valid([]), f"{ITEMS}.quality[0].arguments.validValues", "is not a list of values"),
        (_valid([True]), f"{ITEMS}.quality[0].arguments.validValues[0]", "put it in quotes"),
        (_valid([1.10]), f"{ITEMS}.quality[0].arguments.validValues[0]", "put it in quotes"),
        (
            _quality(metric="invalidValues", arguments={"validValues": ["a"], "maxLength": 3}, mustBe=0),
            f"{ITEMS}.quality[0].arguments.maxLength",
            "use validValues or pattern",
        ),
        (
            _quality(metric="invalidValues", arguments={"pattern": r"(a)\1"}, mustBe=0),
            f"{ITEMS}.quality[0].arguments.pattern",
            "use what RE2 and Java share",
        ),
        (
            _valid(["a"], customProperties=[{"property": "errorCode", "value": "lower"}]),
            f"{ITEMS}.quality[0].customProperties[0].value",
            "errorCode: String should match pattern",
        ),
        (
            _valid(["a"], customProperties=[{"property": "errorCode", "value": "DUPLICATE_KEY"}]),
            f"{ITEMS}.quality[0]",
            "errorCode DUPLICATE_KEY is the platform's own; choose another",
        ),
        (
            _quality(metric="nullValues", mustBe=0, customProperties=[{"property": "errorCode", "value": "GONE"}]),
            f"{ITEMS}.quality[0]",
            "a missing value always gets NULL_VALUE_ERROR",
        ),
        # custom rules
        (_check("items > 0") | {"id": 1}, "id", "is not of type 'string'"),
        (_check({"a": 1}), f"{ITEMS}.quality[0].implementation", "write it as text"),
        (_check("count > 0"), f"{ITEMS}.quality[0].implementation", "count is no column of this contract"),
        (
            _quality(type="custom", engine="soda", implementation="x"),
            f"{ITEMS}.quality[0].engine",
            "write it as type: custom, engine: medallion",
        ),
        (
            _quality(type="custom", engine="medallion", implementation="items > 0"),
            f"{ITEMS}.quality[0]",
            "add name; quarantined records show it",
        ),
        # settings
        (_setting("csvDelimeter", ";"), "customProperties[0].property", "write csvDelimiter"),
        (_setting("csvDelimiter", "||"), "customProperties[0].value", "at most 1 character"),
        (_setting("csvDelimiter", '"'), "customProperties", "delimiter and quote are the same character; choose two"),
        (_setting("csvDelimiter", "x"), "customProperties", "use a punctuation mark or a tab"),
        (_setting("csvEncoding", "latin"), "customProperties[0].value", "'iso-8859-1'"),
        (_setting("encoding", "latin"), "customProperties[0].value", "'iso-8859-1'"),
        (_setting("csvCompresion", "gzip"), "customProperties[0].property", "write compression"),
        (_setting("compression", "lz4"), "customProperties[0].value", "'zstd'"),
        (_setting("format", "xml"), "customProperties[0].value", "'jsonl'"),
        (_setting("recordsPath", "$.a"), "customProperties: recordsPath", "says nothing about objects of format csv"),
        (_settings(format="json", recordsPath="data"), "customProperties: recordsPath", "write it as in $.data.items"),
        (
            _settings(format="parquet", compression="gzip"),
            "customProperties: compression",
            "says nothing about objects of format parquet; remove it",
        ),
        (_settings(format="jsonl", csvQuote="'"), "customProperties: csvQuote", "remove it"),
        (_json("$.items"), f"{ITEMS}.physicalName", "'$.items' is spelled ['$'].items here; write it as in customer"),
        (_json("['items']"), f"{ITEMS}.physicalName", "is spelled items here"),
        (_json("items[x]"), f"{ITEMS}.physicalName", "no path from character 6 on"),
        (_json("[0].sku"), f"{ITEMS}.physicalName", "begins with an index"),
        (_settings(encoding="utf-8", csvEncoding="utf-8"), "customProperties[1]", "encoding is given twice"),
        (_setting("nullValues", [1]), "customProperties[0].value", "valid string"),
        (_setting("trigger", "cron"), "customProperties[0].value", "'on_arrival' or 'schedule'"),
        (
            document(
                customProperties=[{"property": "lane", "value": "auto"}],
                schema={"customProperties": [{"property": "lane", "value": "glue"}]},
            ),
            "schema[0].customProperties[0]",
            "lane is given twice; keep one of them",
        ),
        (
            document(items={"customProperties": [{"property": "optionalInHeader", "value": "yes"}]}),
            f"{ITEMS}.customProperties[0].value",
            "valid boolean",
        ),
    ],
)
def test_place_and_remedy_are_told_when_one_thing_is_wrong(content: Document, place: str, told: str) -> None:
    found = [line for line in findings(content) if line.startswith(f"{place}: ")]
    assert any(told in line for line in found), findings(content)


def test_a_rule_name_is_refused_when_another_rule_has_it() -> None:
    rule = {"type": "custom", "engine": "medallion", "name": "some", "implementation": "items > 0"}
    assert findings(document(schema={"quality": [rule, rule]})) == [
        "schema[0].quality[1].name: some is the name of another rule; choose another"
    ]


def test_one_source_is_demanded_when_there_are_two_or_none() -> None:
    content = document()
    content["schema"] *= 2
    assert findings(content) == ["schema: has 2 objects; describe exactly one: the source"]
    assert findings(_without("schema")) == ["schema: has 0 objects; describe exactly one: the source"]
