"""Regular expressions that mean the same to RE2 and to Java.

A pattern is parsed, refused where the two differ, and written anew in terms on which they agree. It is matched against
the whole value, so that `^` at its begin and `$` at its end say nothing more and are dropped.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LARGEST_REPEAT = 1000  # RE2's own bound, for one repetition and for nested ones together
_LARGEST_PATTERN = 1000
_LARGEST_PROGRAM = 30_000
"""RE2 refuses a pattern that compiles to more than 8 MiB; this many of the weights below stay within it."""
_SPELT_OUT = 16
"""So many characters at most stand one after the other instead of a count: Java looks at that faster."""
_CATEGORY_WEIGHT, _SET_WEIGHT, _CHARACTER_WEIGHT = 100, 10, 1
_DEEPEST = 50
_SPACE = r"\t\n\f\r "  # what both mean by \s; Java's own has the vertical tab as well
_REPEAT = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}")
_CODE_POINT = re.compile(r"\\x(?:[0-9A-Fa-f]{2}|\{(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\})")
_CATEGORY = re.compile(r"\\[pP]\{(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?)\}")


class NotPortable(ValueError):
    """RE2 and Java do not agree on the pattern; the message says on which part."""


def portable(pattern: str) -> str:
    """The pattern in terms on which RE2 and Java agree; NotPortable where there are none."""
    if len(pattern) > _LARGEST_PATTERN:
        raise NotPortable(f"it has more than {_LARGEST_PATTERN} characters")
    body = pattern.removeprefix("^")
    trailing = re.search(r"(\\*)\$\Z", body)
    if trailing and len(trailing.group(1)) % 2 == 0:
        body = body[:-1]
    reader = _Reader(body)
    whole = reader.alternatives(depth=0)
    if reader.rest:
        raise NotPortable("a closing parenthesis has no opening one")
    if whole.repeats > _LARGEST_REPEAT:
        raise NotPortable(f"its repetitions multiply to more than {_LARGEST_REPEAT}")
    if whole.weight > _LARGEST_PROGRAM:
        raise NotPortable("it is too large for RE2; repeat less, above all character categories")
    return whole.text


class _Part(NamedTuple):
    """A part of the pattern as portable text, how often its repetitions multiply, and how large it compiles."""

    text: str
    repeats: int
    weight: int


class _Reader:
    """A recursive-descent parser."""

    def __init__(self, rest: str) -> None:
        self.rest = rest

    def _take(self, count: int = 1) -> str:
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def alternatives(self, depth: int) -> _Part:
        if depth > _DEEPEST:
            raise NotPortable(f"its groups are nested more than {_DEEPEST} deep")
        text, repeats, weight = "", 1, 1
        while self.rest and not self.rest.startswith(")"):
            if self.rest.startswith("|"):
                text += self._take()
                continue
            atom = self._atom(depth)
            quantifier, times = self._quantifier()
            spelt_out = quantifier == f"{{{times}}}" and times <= _SPELT_OUT and not atom.text.endswith(")")
            text += atom.text * times if spelt_out else atom.text + quantifier
            repeats = max(repeats, atom.repeats * times)
            weight += atom.weight * times
        return _Part(text, repeats, weight)

    def _atom(self, depth: int) -> _Part:
        if self.rest.startswith("("):
            return self._group(depth)
        text = self._single()
        categories = len(_CATEGORY.findall(text))
        plain = _SET_WEIGHT if text.startswith("[") else _CHARACTER_WEIGHT
        return _Part(text, 1, categories * _CATEGORY_WEIGHT + plain)

    def _single(self) -> str:
        """What matches one character."""
        head = self.rest[0]
        if head == "[":
            return self._class()
        if head == "\\":
            return self._escape()
        if head == ".":
            self._take()
            return r"[^\n]"  # Java's own dot stops at other line ends as well
        if head in "*+?{":
            raise NotPortable(f"{head!r} repeats nothing, or what is repeated already (possessive repetition included)")
        if head in "^$":
            raise NotPortable(f"{head!r} stands in its middle; the whole value is matched anyway")
        if head in "]}":
            raise NotPortable(f"{head!r} closes nothing; write \\{head}")
        return self._take()

    def _group(self, depth: int) -> _Part:
        self._take()
        if self.rest.startswith("?:"):
            self._take(2)
        elif self.rest.startswith("?"):
            raise NotPortable(f"'({self.rest[:3]}' (look-around, flags, names and atomic groups) is not in both")
        inner = self.alternatives(depth + 1)
        if not self.rest:
            raise NotPortable("an opening parenthesis has no closing one")
        self._take()
        return inner._replace(text=f"(?:{inner.text})")

    def _quantifier(self) -> tuple[str, int]:
        times = 1
        if self.rest[:1] in ("*", "+", "?"):
            text = self._take()
        elif found := _REPEAT.match(self.rest):
            text = self._take(found.end())
            least, most = int(found[1]), int(found[3] or found[1])
            times = max(least, most, 1)
            if least > most or times > _LARGEST_REPEAT:
                raise NotPortable(f"{text!r} is no repetition; the counts must ascend to {_LARGEST_REPEAT} at most")
        else:
            return "", 1
        return text + (self._take() if self.rest.startswith("?") else ""), times

    def _escape(self) -> str:
        """An escape outside a class."""
        if self.rest[:2] == r"\s":
            self._take(2)
            return f"[{_SPACE}]"
        if self.rest[:2] == r"\S":
            self._take(2)
            return f"[^{_SPACE}]"
        return self._plain_escape()

    def _plain_escape(self) -> str:
        """An escape that means the same inside a class and outside."""
        for form in (_CODE_POINT, _CATEGORY):
            if found := form.match(self.rest):
                return self._take(found.end())
        letter = self.rest[1:2]
        if letter and (letter in "dDwWtnrf" or (letter.isascii() and letter.isprintable() and not letter.isalnum())):
            return self._take(2)
        raise NotPortable(f"'\\{letter}' is not in both (back references and \\b included)")

    def _class(self) -> str:
        text = self._take()
        if self.rest.startswith("^"):
            text += self._take()
        first = True
        while not self.rest.startswith("]") or first:
            text += self._class_item(first=first)
            first = False
        return text + self._take()

    def _class_item(self, *, first: bool) -> str:
        begin = self._class_member(first=first)
        if not self.rest.startswith("-") or self.rest.startswith("-]"):
            return begin
        self._take()
        end = self._class_member(first=False)
        if not (_is_single(begin) and _is_single(end)):
            raise NotPortable(f"'{begin}-{end}' is no range; write \\- for the character")
        if _code_point(begin) > _code_point(end):
            raise NotPortable(f"the range '{begin}-{end}' descends")
        if self.rest.startswith("-") and not self.rest.startswith("-]"):
            raise NotPortable("'-' follows a range; write \\- for the character")
        return f"{begin}-{end}"

    def _class_member(self, *, first: bool) -> str:
        if not self.rest:
            raise NotPortable("'[' is not closed")
        head = self.rest[0]
        if head == "\\":
            if self.rest[:2] == r"\s":
                self._take(2)
                return _SPACE
            return self._plain_escape()
        if head == "[" or (head == "]" and first) or self.rest.startswith("&&"):
            raise NotPortable(f"{head!r} in a class has another meaning in Java; write \\{head}")
        if head == "-" and not (first or self.rest.startswith("-]")):
            raise NotPortable("'-' stands in the middle of a class; write \\- for the character")
        self._take()
        return f"\\{head}" if head in "^-" else head


def _is_single(member: str) -> bool:
    """Whether the member of a class is one character, not a set of them."""
    return len(member) == 1 or bool(_CODE_POINT.fullmatch(member)) or bool(re.fullmatch(r"\\[^dDwWpP]", member))


def _code_point(member: str) -> int:
    if _CODE_POINT.fullmatch(member):
        return int(member.removeprefix(r"\x").strip("{}"), 16)
    return ord({r"\t": "\t", r"\n": "\n", r"\r": "\r", r"\f": "\f"}.get(member, member[-1]))
