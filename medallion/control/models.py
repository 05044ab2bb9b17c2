"""Gold models' texts: the one that stands, and each that stood before."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

from boto3.dynamodb.conditions import Attr

from medallion.control.items import GoldModel, Item, Key
from medallion.control.table import ABSENT, ControlTable, Put, Update


class ModelVersion(Item):
    """A text that a Gold model has or had, by its revision; it is kept."""

    SK: ClassVar[str] = "VERSION#"
    PARTITION: ClassVar[str] = "TENANT#{tenant}#MODEL#{name}"
    name: str
    revision: int
    text: str
    inputs: tuple[str, ...]
    set_by: str = ""
    set_at: datetime
    reason: str = ""

    @staticmethod
    def key_of(tenant: str, name: str, revision: int) -> Key:
        return Key(f"TENANT#{tenant}#MODEL#{name}", f"{ModelVersion.SK}{revision:06}")


class ModelVersionPage(NamedTuple):
    """A model's texts, newest first. `before` is where the next page begins, or nothing if there is no more."""

    versions: list[ModelVersion]
    before: int


class ModelVersions:
    """The texts of one tenant's models."""

    def __init__(self, table: ControlTable, tenant: str) -> None:
        self._table = table
        self._tenant = tenant

    def set(self, version: ModelVersion) -> bool:
        """Keep the text as its model's next revision; a build that was asked for stays asked for. False if it has a
        revision of that number, or lacks the one before it.
        """
        key = GoldModel.key_of(self._tenant, version.name)
        changes = version.model_dump(mode="json", include={"text", "inputs", "revision", "set_by"})
        earlier = Attr("revision").eq(version.revision - 1)
        # Models that were registered before texts were kept have no revision.
        known = earlier | Attr("revision").not_exists() if version.revision == 1 else earlier
        kept = Put(version, ModelVersion.key_of(self._tenant, version.name, version.revision), ABSENT)
        if self._table.transact([kept, Update(key, changes, Attr("pk").exists() & known)]):
            return True
        if version.revision > 1:
            return False
        model = GoldModel(name=version.name, **changes)
        return self._table.transact([kept, Put(model, key, ABSENT)])

    def give_back(self, name: str, revision: int) -> None:
        """The folder says the same again: from here on it sets the text."""
        self._table.update(GoldModel.key_of(self._tenant, name), {"set_by": ""}, Attr("revision").eq(revision))

    def version(self, name: str, revision: int) -> ModelVersion | None:
        return self._table.get(ModelVersion, ModelVersion.key_of(self._tenant, name, revision))

    def page(self, name: str, limit: int, before: int = 0) -> ModelVersionPage:
        """The newest texts, `limit` at most; those before the revision `before`."""
        pk = ModelVersion.key_of(self._tenant, name, 0).pk
        beyond = ModelVersion.key_of(self._tenant, name, before).sk if before else ""
        found = self._table.query(ModelVersion, pk, ModelVersion.SK, limit=limit + 1, newest_first=True, beyond=beyond)
        shown = found[:limit]
        return ModelVersionPage(shown, shown[-1].revision if len(found) > limit else 0)
