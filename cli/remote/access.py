"""Where an API answers, and the key that opens it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cli.errors import BadArgument
from medallion.control.keys import OPERATORS, Token


@dataclass(frozen=True)
class Access:
    """An API's address, and a key, which no message shows."""

    url: str
    token: Token = field(repr=False)

    @classmethod
    def checked(cls, url: str, key: str) -> Access:
        """The two as they can be used; BadArgument says what of them cannot."""
        token = Token.read(key.strip())
        if token is None:
            raise BadArgument("This is no key: one reads mdl_<tenant>_<id>_<secret>, without anything around it")
        return cls(checked_url(url), token)

    def for_tenant(self, named: str) -> str:
        """The tenant that an operator's key is sent with; nothing for a tenant's own key, which names it itself."""
        if self.token.owner != OPERATORS:
            if named not in ("", self.token.owner):
                raise BadArgument(
                    f"The key is tenant {self.token.owner}'s, and does not reach {named}. Leave --tenant out, or "
                    "take another key"
                )
            return ""
        if not named:
            raise BadArgument("The key is an operator's: say for which tenant, --tenant T")
        return named


def checked_url(url: str) -> str:
    """The address without its last slash. BadArgument where the key would travel in the clear, or it is no address."""
    found = urlsplit(url.strip())
    if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment or found.username:
        raise BadArgument(f"{url}: an API's address reads https://…/v1; a deployment tells it")
    if found.scheme == "http" and not _is_here(found.hostname):
        raise BadArgument(f"{url}: the key would travel in the clear; an address on another machine begins with https")
    return url.strip().rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
