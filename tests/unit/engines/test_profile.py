"""A draft takes the sample that it was drafted from, whatever that is, and is no looser than it must be."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.contracts.model import Column, DateType, DecimalType, Load, TimestampType, ValidValues
from medallion.engines.resources import Resources
from medallion.errors import NotAKey, UnreadableSample
from medallion.steps.draft import Draft, draft
from tests.unit.plan.judging import judge

HERE = Resources(region="eu-west-1")
Table = tuple[list[str], list[list[str]]]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001  # written out without a zone
KINDS: tuple[st.SearchStrategy[str], ...] = (
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(0, 10**37).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["+1", "-0", "00.5", ".5", "5.", "1e5", "-1E-7", "0", "007"]),
    st.sampled_from(["true", "False", "T", "f"]),
    MOMENTS.map(lambda at: f"{at:%Y-%m-%d}"),
    MOMENTS.map(lambda at: f"{at:%d/%m/%Y}"),
    MOMENTS.map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z"),
    MOMENTS.map(lambda at: at.replace(tzinfo=UTC).isoformat(timespec="milliseconds")),
    MOMENTS.map(lambda at: f"{at:%d.%m.%Y %H:%M}"),
    st.integers(0, 9999).map(lambda number: f"INV-{number:04d}/{number % 7}"),
    st.sampled_from(["CHF", "EUR", "USD"]),
    st.sampled_from(["", "NA", "NULL", "-", "12", "2024-02-30", "24:00", "in progress"]),
    TEXTS,
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A header and records; each column of one kind, some with nulls or with what is of no kind."""
    width, height = draw(st.integers(2, 5)), draw(st.integers(1, 30))
    header = [f"column {at}" for at in range(width)]
    columns = []
    for _ in range(width):
        kind = draw(st.sampled_from(KINDS))
        spoilt = draw(st.sampled_from([kind, kind | st.just(""), kind | st.sampled_from(["", "NA"]), kind | TEXTS]))
        columns.append(draw(st.lists(spoilt, min_size=height, max_size=height)))
    return header, [list(record) for record in zip(*columns, strict=True)]


def written(table: Table, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows([table[0], *table[1]])  # type: ignore[arg-type]  # the stubs list the constants
    return out.getvalue().encode()


Drafted = Callable[..., Draft]


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Drafted:
    """A draft of these bytes."""
    file = tmp_path_factory.mktemp("sample") / "sample.csv"

    def made(content: bytes | str, **asked: Any) -> Draft:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return draft(file, "shop", "orders", HERE, **asked)

    return made


def column(found: Draft, name: str) -> Column:
    return found.contract.column(name)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(table=tables(), delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_every_record_is_valid_when_a_draft_judges_its_sample(
    drafted: Drafted, table: Table, delimiter: str, quoting: int
) -> None:
    content = written(table, delimiter, quoting)
    found = drafted(content, header_is_sure=True)
    verdicts = judge(found.contract, content)
    assert [one.errors for one in verdicts if one.errors and one.codes != ("MALFORMED_RECORD",)] == []
    assert len(verdicts) == found.profile.records + found.profile.malformed
    assert {one.outcome for one in verdicts if not one.errors} <= {"inserted"}
    for one, said in zip(found.profile.columns, found.contract.columns, strict=True):
        assert said.required == (one.nulls == 0)
    assert yaml.safe_load(found.text)["status"] == "draft"


def lines(*records: str) -> str:
    return "\n".join(records) + "\n"


def orders(count: int = 40) -> str:
    """Orders with a column of each kind."""
    begin = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    return lines(
        "Order No.;CustomerName;Amount;Currency;OrderedAt;due;Done;Memo",
        *(
            f"O{at:07d};Ada {at % 3};{at * 1.25:.2f};{('CHF', 'EUR')[at % 2]};"
            f"{begin + timedelta(hours=at):%Y-%m-%dT%H:%M:%SZ};{date(2026, 1, 1) + timedelta(days=at):%d.%m.%Y};"
            f"{'true' if at % 3 else 'false'};{'' if at % 4 else 'as agreed'}"
            for at in range(1, count + 1)
        ),
    )


def test_rules_are_as_narrow_as_the_sample_when_it_has_columns_of_each_kind(drafted: Drafted) -> None:
    found = drafted(orders())
    contract = found.contract
    assert [one.name for one in contract.columns] == [
        *("order_no", "customer_name", "amount", "currency", "ordered_at", "due", "done", "memo")
    ]
    assert contract.key == ("order_no",)
    assert contract.dialect.delimiter == ";"
    [pattern] = column(found, "order_no").rules
    assert pattern.model_dump()["regex"] == "O[0-9][0-9][0-9][0-9][0-9][0-9][0-9]"
    assert column(found, "customer_name").rules == (), "a person's name is no code"
    assert column(found, "amount").type == DecimalType(precision=4, scale=2)
    assert column(found, "amount").rules[0].model_dump()["minimum"] == "1.25"
    assert column(found, "amount").rules[0].model_dump()["maximum"] == "50"
    assert column(found, "currency").rules == (ValidValues(values=("CHF", "EUR")),)
    assert column(found, "ordered_at").type == TimestampType(formats=("yyyy-MM-dd'T'HH:mm:ss'Z'",))
    assert column(found, "ordered_at").rules[0].model_dump()["maximum"] is None, "tomorrow's order is later"
    assert column(found, "due").type == DateType(formats=("dd.MM.yyyy",))
    assert column(found, "done").type.kind == "boolean"
    assert not column(found, "memo").required


def test_evidence_stands_beside_the_rules_and_no_value_of_a_person_when_a_draft_is_read(drafted: Drafted) -> None:
    text = drafted(orders()).text
    assert "# 40 of 40 records have a value; 40 distinct; from 1.25 to 50" in text
    assert "required: true  # no null in 40 records" in text
    assert "# 2 codes, each seen 20 times at least" in text
    assert "# delimiter a semicolon: 41 of the first 41 lines have 8 fields" in text
    assert "Ada" not in text
    assert "as agreed" not in text


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("X0000001;Ada;1.25;CHF;2026-01-05T09:30:00Z;02.01.2026;true;", "PATTERN_ERROR"),
        ("O0000041;Ada;50.01;CHF;2026-01-05T09:30:00Z;02.01.2026;true;", "RANGE_ERROR"),
        ("O0000041;Ada;1.255;CHF;2026-01-05T09:30:00Z;02.01.2026;true;", "TYPE_ERROR"),
        ("O0000041;Ada;1.25;GBP;2026-01-05T09:30:00Z;02.01.2026;true;", "DOMAIN_ERROR"),
        ("O0000041;Ada;1.25;CHF;2026-01-05 09:30:00;02.01.2026;true;", "TIMESTAMP_ERROR"),
        ("O0000041;Ada;1.25;CHF;2026-01-05T09:30:00Z;;true;", "NULL_VALUE_ERROR"),
        ("O0000001;Ada;2.50;CHF;2026-01-05T09:30:00Z;02.01.2026;true;", "DUPLICATE_KEY"),
    ],
)
def test_a_record_unlike_the_sample_fails_when_a_draft_judges_it(drafted: Drafted, bad: str, code: str) -> None:
    content = orders()
    [failed] = [one for one in judge(drafted(content).contract, (content + bad + "\n").encode()) if one.errors]
    assert failed.codes == (code,)


def test_texts_that_mean_null_are_told_when_they_stand_among_numbers(drafted: Drafted) -> None:
    found = drafted(lines("id,speed,carrier", *(f"{at},{at if at % 3 else 'NA'},NA" for at in range(1, 31))))
    assert found.contract.dialect.null_values == ("", "NA")
    assert found.profile.tokens == {"NA": 10}
    assert column(found, "speed").type.kind == "integer"
    assert "# among numbers and times: NA 10 times" in found.text


def test_digits_stay_text_when_they_are_codes(drafted: Drafted) -> None:
    found = drafted(lines("zip,phone", *(f"0{at:04d},+41{at:07d}" for at in range(1000, 1030))))
    assert [one.type.kind for one in found.contract.columns] == ["string", "string"]
    assert "leading zeros or a plus sign" in found.text


def test_a_doubt_is_told_when_day_and_month_could_change_places(drafted: Drafted) -> None:
    found = drafted(lines("id,day", *(f"{at},{at:02d}/03/2026" for at in range(1, 12))))
    assert column(found, "day").type == DateType(formats=("dd/MM/yyyy",))
    assert "no day above 12 was seen" in found.text
    sure = drafted(lines("id,day", *(f"{at},03/{at:02d}/2026" for at in range(1, 28))))
    assert column(sure, "day").type == DateType(formats=("MM/dd/yyyy",))
    assert "no day above 12" not in sure.text


def test_several_formats_are_told_when_a_column_has_them(drafted: Drafted) -> None:
    content = lines("id,at", "1,2026-01-05 10:00:00", "2,05.01.2026 10:00", "3,2026-01-05")
    kind = column(drafted(content), "at").type
    assert isinstance(kind, TimestampType)
    assert set(kind.formats) == {"yyyy-MM-dd HH:mm:ss", "dd.MM.yyyy HH:mm", "yyyy-MM-dd"}


def test_malformed_records_are_counted_and_left_out_when_there_are_some(drafted: Drafted) -> None:
    found = drafted(lines("a,b,c", *(f"{at},x,y" for at in range(20)), "1,2", '1,"2"3,4'))
    assert (found.profile.records, found.profile.malformed) == (20, 2)
    assert "1 records are malformed and would be quarantined: expected 3 fields, found 2." in found.text


def test_a_key_is_taken_when_a_person_names_it(drafted: Drafted) -> None:
    content = lines("Line,Order,seen", *(f"{at % 2},{at // 2},2026-01-{at + 1:02d}" for at in range(20)))
    assert drafted(content).contract.key == ()
    assert drafted(content, key=["Order", "line"]).contract.key == ("order", "line")
    with pytest.raises(NotAKey, match="does not tell them apart"):
        drafted(content, key=["Order"])
    with pytest.raises(NotAKey, match="'Ordre' is no column of the sample"):
        drafted(content, key=["Ordre"])


def test_versions_are_ordered_by_the_only_time_when_a_source_sends_them(drafted: Drafted) -> None:
    content = lines("id,seen,n", *(f"{at // 2},2026-01-{at + 1:02d},{at}" for at in range(20)))
    found = drafted(content, key=["id"], load=Load.UPSERT)
    assert (found.contract.load, found.contract.order_by) == (Load.UPSERT, "seen")
    with pytest.raises(NotAKey, match="needs a key"):
        drafted(content, load=Load.SNAPSHOT)
    with pytest.raises(NotAKey, match="alone"):
        drafted(content, order_by="seen")


def test_json_lines_and_parquet_are_drafted_when_they_are_given(drafted: Drafted) -> None:
    records = [{"sku": f"A-{at:03d}", "price": at / 4, "in.stock": at % 2 == 0, "tags": ["a"]} for at in range(30)]
    content = "\n".join(json.dumps(one) for one in records).encode()
    found = drafted(content)
    assert [one.header for one in found.contract.columns] == ["sku", "price", "['in.stock']", "tags"]
    assert [one.type.kind for one in found.contract.columns] == ["string", "decimal", "boolean", "string"]
    assert not [one for one in judge(found.contract, content) if one.errors]
    file = io.BytesIO()
    seen = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at, milliseconds=at % 2) for at in range(30)]
    price = pa.array([Decimal(at) / 4 for at in range(30)], pa.decimal128(9, 2))
    pq.write_table(pa.table({"id": list(range(30)), "seen": seen, "price": price}), file)
    found = drafted(file.getvalue())
    assert [one.type.kind for one in found.contract.columns] == ["integer", "timestamp", "decimal"]
    assert not [one for one in judge(found.contract, file.getvalue()) if one.errors]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("1,2026-01-01\n2,2026-01-02\n", "looks like a record, not like names"),
        ("a,,b\n1,2,3\n", "a name is missing"),
        ('{\n"a": 1}\n', "no JSON lines"),
        (b"PAR1 and no more", "sample.csv: "),
    ],
)
def test_a_file_is_refused_when_no_contract_can_be_drafted_from_it(
    drafted: Drafted, content: bytes | str, said: str
) -> None:
    with pytest.raises(UnreadableSample, match=said):
        drafted(content)


def test_the_first_line_is_names_when_a_person_says_so(drafted: Drafted) -> None:
    found = drafted("2024,2025\n1,2\n3,4\n", header_is_sure=True)
    assert [one.name for one in found.contract.columns] == ["n_2024", "n_2025"]
