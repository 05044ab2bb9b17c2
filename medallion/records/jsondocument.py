"""JSON documents: a record is an item of the list that stands at the contract's path in the document.

The document is read as a stream: an item is decoded as soon as all of it is there, and what stands outside of the list
is read past. What is wrong with an item whose end is known is that item's matter alone: it is malformed, with its
bytes. What is no JSON at all leaves nothing that could be told apart after it, and the object is refused.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from medallion.contracts.model import Dialect
from medallion.contracts.paths import Step, document_path
from medallion.errors import UnreadableObject
from medallion.records.encoding import transcoder
from medallion.records.jsontext import Entry, JsonText, nesting
from medallion.records.limits import Limits
from medallion.records.source import ByteSource

_BLANKS = re.compile(r"[ \t\r\n]*")
_BEGUN = re.compile(r"\.|[eE][+-]?|")
"""What stands at the end of what was read after a value that may go on: a number's point or exponent, or nothing."""
_LONGEST_TOKEN = 16
"""A token other than a string that stands further from the buffer's end is all there."""


class _Value(NamedTuple):
    value: Any
    text: str
    fault: str | None


class DocumentEntries:
    """The records of a JSON document, to be iterated once."""

    def __init__(self, source: ByteSource, dialect: Dialect, limits: Limits, chunk_bytes: int) -> None:
        self._source = source
        self._transcoder = transcoder(dialect.encoding)
        self._json = JsonText(dialect.encoding, limits)
        self._path = dialect.records_path
        self._limits = limits
        self._chunk_bytes = max(chunk_bytes, 4)  # so that a byte order mark arrives whole
        # Bytes that cannot be decoded travel as lone surrogates, so that they come back and are found.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._buffer = ""
        self._at = 0
        self._passed = 0
        self._final = False

    def __iter__(self) -> Iterator[Entry]:
        if not self._next():
            raise UnreadableObject("the object is empty; a document without records has an empty list")
        yield from self._descend(document_path(self._path))
        if self._next():
            raise self._invalid(self._at, "text stands after its end")

    # --- the way to the list

    def _descend(self, steps: tuple[Step, ...]) -> Iterator[Entry]:
        """The records of the value that begins here, and go past it."""
        if not steps:
            yield from self._list()
            return
        step, *rest = steps
        found = False
        for here in self._members() if isinstance(step, str) else self._indices():
            if here != step:
                self._value()
            elif found:
                raise UnreadableObject(
                    f"the document has two members of one name on the path {self._path}; give each a name of its own"
                )
            else:
                found = True
                yield from self._descend(tuple(rest))
        if not found:
            raise self._not_there()

    def _list(self) -> Iterator[Entry]:
        for _ in self._indices():
            value, text, fault = self._value()
            as_read = text.encode("utf-8", "surrogateescape")
            if len(as_read) > self._limits.record_bytes:
                raise self._too_long()
            try:
                text.encode()
            except UnicodeEncodeError:
                fault = self._json.undecodable
            fault = fault or self._json.fault_of(value, text)
            yield Entry(self._transcoder.restore(as_read), {} if fault else value, fault)

    def _members(self) -> Iterator[str]:
        """Stand before each member's value of the object that begins here, and go past its end."""
        for _ in self._items("{", "}"):
            if self._next() != '"':
                raise self._invalid(self._at)
            name = self._value().value
            self._take(":")
            yield name

    def _indices(self) -> Iterator[int]:
        """Stand before each item of the list that begins here, and go past its end."""
        yield from (number for number, _ in enumerate(self._items("[", "]")))

    def _items(self, opening: str, closing: str) -> Iterator[None]:
        if self._next() != opening:
            raise self._not_there()
        self._take(opening)
        if self._next() == closing:
            self._take(closing)
            return
        while True:
            yield
            if self._next() == closing:
                self._take(closing)
                return
            self._take(",")

    # --- the text

    def _next(self) -> str:
        """The next character that is no blank; "" at the document's end."""
        while True:
            self._at = self._end_of_blanks()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._final:
                return ""
            self._fill()

    def _end_of_blanks(self) -> int:
        found = _BLANKS.match(self._buffer, self._at)
        return found.end() if found else self._at

    def _take(self, character: str) -> None:
        if self._next() != character:
            raise self._invalid(self._at)
        self._at += 1

    def _value(self) -> _Value:
        """The value that begins at the next character, and go past it."""
        self._next()
        while True:
            found = self._decoded()
            if found is not None:
                value, end, fault = found
                text = self._buffer[self._at : end]
                self._at = end
                return _Value(value, text, fault)
            if len(self._buffer) - self._at > self._limits.record_bytes:
                raise self._too_long()
            self._fill()

    def _decoded(self) -> tuple[Any, int, str | None] | None:
        """The value, its end and its fault; None if the buffer may hold only a part of it."""
        try:
            value, end, fault = self._json.decode_from(self._buffer, self._at)
        except json.JSONDecodeError as error:
            open_string = error.msg.startswith("Unterminated string")
            if self._final or not (open_string or error.pos > len(self._buffer) - _LONGEST_TOKEN):
                raise self._invalid(error.pos) from error
            return None
        except RecursionError as error:
            extent = nesting(self._buffer, self._at)
            if extent.end is None and self._final:
                raise self._invalid(len(self._buffer)) from error
            return None if extent.end is None else (None, extent.end, self._json.too_deep)
        goes_on = _BEGUN.fullmatch(self._buffer, end) is not None and not self._final
        return None if goes_on else (value, end, fault)

    def _fill(self) -> None:
        """Read on. A value longer than a chunk is decoded anew after each fill, so each fill doubles what is there."""
        rest = self._buffer[self._at :]
        self._passed += self._at
        wanted = max(self._chunk_bytes, len(rest))
        data = self._source.read(wanted)
        self._final = len(data) < wanted
        utf_8 = self._transcoder.feed(data) + (self._transcoder.finish() if self._final else b"")
        self._buffer = rest + self._decoder.decode(utf_8, self._final)
        self._at = 0

    # --- what is wrong

    def _invalid(self, at: int, problem: str = "no JSON can go on so") -> UnreadableObject:
        return UnreadableObject(
            f"the document cannot be read on at character {self._passed + at + 1}: {problem}; "
            "correct it and upload it again"
        )

    def _not_there(self) -> UnreadableObject:
        return UnreadableObject(f"the document has no list at {self._path}; correct it, or the contract's recordsPath")

    def _too_long(self) -> UnreadableObject:
        return UnreadableObject(
            f"a value is longer than {self._limits.record_bytes} bytes; does recordsPath {self._path} lead to the "
            "list of the records?"
        )
