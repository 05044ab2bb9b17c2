"""Which SQL of a person only reads: one statement, of the tenant's own databases.

That is for people to be told soon and well. What keeps a query from writing, and from another tenant's tables, are the
rights of the role in which Athena runs it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from medallion.errors import InvalidQuery

LONGEST = 100_000
"""Characters of a query. Athena takes 262,144 bytes."""
_READS = "ask one statement that reads: SELECT, WITH, SHOW, DESCRIBE or EXPLAIN"
_ASKS = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
_WORD = re.compile(r"[A-Za-z]+")
_SHOWN = frozenset({"TABLES", "VIEWS", "COLUMNS", "PARTITIONS", "TBLPROPERTIES", "CREATE"})
_ANYWHERE = frozenset({"information_schema"})
_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.Into, exp.Command)
_DIALECT = "athena"


def check_reads(sql: str, databases: Collection[str]) -> None:
    """Refuse, as InvalidQuery, what is not one statement that reads, or names another database than these."""
    if len(sql) > LONGEST:
        raise InvalidQuery(f"the query has {len(sql):,} characters; {LONGEST:,} is what is taken")
    tokens = _tokens(sql)
    if not tokens:
        raise InvalidQuery(f"there is no statement; {_READS}")
    begin = tokens[0].start
    word = _WORD.match(sql, begin)
    said = word[0].upper() if word else ""
    # What follows a word that is no query's is one token to the parser's own tokenizer.
    rest = sql[word.end() :] if word and said in _ASKS else ""
    tokens = _tokens(rest) if rest else tokens
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise InvalidQuery(f"this is more than one statement; {_READS}")
    if said == "EXPLAIN":
        _check_query(rest[_explained(tokens) :], databases)
    elif said in _ASKS:
        if said == "SHOW" and (not tokens or tokens[0].text.upper() not in _SHOWN):
            raise InvalidQuery(f"SHOW tells of {', '.join(sorted(_SHOWN))} here")
        _check_databases(_named(tokens), databases)
    else:
        _check_query(sql[begin:], databases)


def _tokens(sql: str) -> list[Token]:
    try:
        # A mark that this dialect puts before what is Hive's is no token of the text.
        found = [
            token
            for token in sqlglot.tokenize(sql, read=_DIALECT)
            if token.token_type is not TokenType.HIVE_TOKEN_STREAM
        ]
    except TokenError as problem:
        raise InvalidQuery("the query cannot be read: a quote or a comment has no end") from problem
    while found and found[-1].token_type is TokenType.SEMICOLON:
        found.pop()
    return found


def _explained(tokens: Sequence[Token]) -> int:
    """Where the statement begins that EXPLAIN is asked of: behind ANALYZE, VERBOSE and options in brackets."""
    rest = list(tokens)
    while rest and rest[0].text.upper() in ("ANALYZE", "VERBOSE"):
        rest = rest[1:]
    if len(rest) > 1 and rest[0].text == "(" and rest[1].text.upper() in ("TYPE", "FORMAT"):
        closed = [number for number, token in enumerate(rest) if token.text == ")"]
        rest = rest[closed[0] + 1 :] if closed else []
    if not rest:
        raise InvalidQuery(f"there is nothing to explain; {_READS}")
    return rest[0].start


def _check_query(sql: str, databases: Collection[str]) -> None:
    # What is none is not parsed: the parser would log it, word for word.
    first = next((one.text.upper() for one in _tokens(sql) if one.token_type is not TokenType.L_PAREN), "")
    if first not in ("SELECT", "WITH"):
        raise InvalidQuery(f"this statement does not only read; {_READS}")
    try:
        trees = sqlglot.parse(sql, read=_DIALECT)
    except ParseError as problem:
        said = problem.errors[0] if problem.errors else {}
        why = str(said.get("description", "")).partition(" but got")[0]
        where = f"line {said.get('line')}, column {said.get('col')}: {why}"
        raise InvalidQuery(f"the query cannot be read, at {where}") from problem
    except RecursionError as problem:
        raise InvalidQuery("the query is nested too deeply; say it with fewer brackets") from problem
    tree = next(one for one in trees if one is not None)
    if not isinstance(tree, exp.Query) or any(tree.find_all(*_WRITES)):
        raise InvalidQuery(f"this statement does not only read; {_READS}")
    catalogs = {table.catalog.lower() for table in tree.find_all(exp.Table)} - {"", "awsdatacatalog"}
    if catalogs:
        raise InvalidQuery(f"catalog {min(catalogs)!r} is not this tenant's; name tables without a catalog")
    _check_databases({table.db for table in tree.find_all(exp.Table) if table.db}, databases)


def _named(tokens: Sequence[Token]) -> set[str]:
    """The databases that SHOW or DESCRIBE names: what stands before a dot, or follows the last IN or FROM."""
    words = [token.text for token in tokens] or [""]
    before_dots = {words[n - 1] for n, token in enumerate(tokens) if token.token_type is TokenType.DOT and n}
    opened = [n for n, word in enumerate(words) if word.upper() in ("IN", "FROM")]
    of_tables = words[0].upper() in ("TABLES", "VIEWS") or len(opened) > 1
    last = {words[opened[-1] + 1]} if opened and of_tables and opened[-1] + 1 < len(words) else set()
    return before_dots | last


def _check_databases(named: Collection[str], databases: Collection[str]) -> None:
    known = {one.lower() for one in databases} | _ANYWHERE
    if foreign := sorted(one for one in named if one.lower() not in known):
        raise InvalidQuery(f"database {foreign[0]!r} is not this tenant's; there are {', '.join(sorted(databases))}")
