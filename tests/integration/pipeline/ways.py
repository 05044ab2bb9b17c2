"""One tenant by both ways: with the account's own permissions, and through the deployed API with a key of each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from cli.direct import Direct
from cli.port import Port
from cli.remote import Access, Remote
from local.settings import Settings
from medallion.control.keys import OPERATORS, Role
from medallion.errors import MedallionError
from tests.integration.pipeline.calling import address, key
from tests.integration.pipeline.deployed import Deployed


def verbs() -> set[str]:
    """Everything that a command asks of a port: `runs.page`, `quarantine.view`, …"""
    parts = {name: get_type_hints(one.fget)["return"] for name, one in vars(Port).items() if isinstance(one, property)}
    return {
        f"{name}.{verb}"
        for name, part in parts.items()
        if getattr(part, "_is_protocol", False)
        for verb in vars(part)
        if not verb.startswith("_")
    }


class Heard:
    """A port, or a part of one, that notes what is asked of it."""

    def __init__(self, asked: Any, said: set[str], name: str = "") -> None:
        self._asked, self._said, self._name = asked, said, name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._asked, name)
        if not self._name:
            return Heard(found, self._said, name)
        self._said.add(f"{self._name}.{name}")
        return found


@dataclass
class Ways:
    """The tenant, directly and by the API. `said` is what was asked of the API."""

    trial: Deployed
    directly: Direct
    _remotes: dict[Role, Remote]
    said: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, trial: Deployed, settings: Settings) -> Ways:
        url, tenant = address(trial, settings), trial.layout.tenant
        tokens = {role: key(trial, role, OPERATORS if role is Role.OPERATOR else tenant) for role in Role}
        remotes = {role: Remote.at(Access.checked(url, token), tenant) for role, token in tokens.items()}
        return cls(trial, Direct.on(trial.platform, settings.endpoint), remotes)

    def api(self, role: Role) -> Any:
        return Heard(self._remotes[role], self.said)

    def same(self, role: Role, ask: Callable[[Any], Any]) -> Any:
        """What is answered, which is the same by both ways."""
        directly, by_api = ask(self.directly), ask(self.api(role))
        assert by_api == directly
        return directly

    def same_refusal(self, role: Role, ask: Callable[[Any], Any]) -> str:
        """The name of the error, which is the same by both ways, and says the same."""
        directly, by_api = refusal(lambda: ask(self.directly)), refusal(lambda: ask(self.api(role)))
        assert (type(by_api), str(by_api)) == (type(directly), str(directly))
        return type(directly).__name__

    def close(self) -> None:
        for one in self._remotes.values():
            one.close()


def refusal(ask: Callable[[], Any]) -> MedallionError:
    try:
        answered = ask()
    except MedallionError as error:
        return error
    raise AssertionError(f"it was not refused: {answered}")
