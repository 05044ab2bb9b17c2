"""Corrections as a person writes them, on the command line and in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import BadArgument
from cli.quarantine.corrections import asked, read_records

PLACE = "source_file_id,source_row"


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_constant_is_a_text_and_expression_is_sql_when_both_are_given() -> None:
    said = asked(["name=it's = ok"], ["seen=LEFT(seen, 1)"], None)
    assert said.expressions == {"name": "'it''s = ok'", "seen": "LEFT(seen, 1)"}
    assert not asked(None, None, None)


def test_empty_cell_leaves_a_column_when_corrections_come_as_csv(tmp_path: Path) -> None:
    file = written(tmp_path, "fix.csv", f'\ufeff{PLACE},name,seen\ns3://a,3,"x, y",\ns3://a,4,,7\n')
    assert read_records(file) == {("s3://a", 3): {"name": "x, y"}, ("s3://a", 4): {"seen": "7"}}


def test_number_keeps_its_text_and_null_empties_when_corrections_come_as_json_lines(tmp_path: Path) -> None:
    lines = '{"source_file_id": "a", "source_row": 3, "amount": 1.50, "note": null, "paid": true}\n\n'
    assert read_records(written(tmp_path, "fix.jsonl", lines)) == {
        ("a", 3): {"amount": "1.50", "note": None, "paid": "true"}
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("fix.txt", "", ".csv or .jsonl"),
        ("fix.csv", f"{PLACE},name\n", "no correction"),
        ("fix.csv", f"{PLACE},name\na,0x,b\n", "line 2: it names no record"),
        ("fix.csv", f"{PLACE},name\na,1,\n", "line 2: it says nothing"),
        ("fix.csv", f"{PLACE},name\na,1,b\na,1,c\n", "corrected twice"),
        ("fix.csv", f"{PLACE},name\na,1\n", "line 2 has not as many fields"),
        ("fix.jsonl", "{\n", "line 1 is no JSON"),
        ("fix.jsonl", '{"source_file_id": "a", "source_row": 1, "name": [1]}\n', "name holds more than one value"),
    ],
)
def test_line_is_named_when_a_file_cannot_be_used(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(BadArgument, match=said.replace(".", r"\.")):
        read_records(written(tmp_path, name, text))


@pytest.mark.parametrize(("sets", "expressions"), [(["name"], None), (["=x"], None), (["name=x"], ["name=y"])])
def test_option_is_refused_when_it_names_no_column_or_one_twice(
    sets: list[str] | None, expressions: list[str] | None
) -> None:
    with pytest.raises(BadArgument, match=r"name=y|COLUMN="):
        asked(sets, expressions, None)
