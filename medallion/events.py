"""The events that the platform puts on EventBridge's default bus."""

from __future__ import annotations

from enum import StrEnum

SOURCE = "medallion"


class EventType(StrEnum):
    """EventBridge's detail-type."""

    SILVER_PROMOTED = "Silver promoted"
    GOLD_PROMOTED = "Gold promoted"
    SILVER_ROLLED_BACK = "Silver rolled back"
    GOLD_ROLLED_BACK = "Gold rolled back"
    RUN_HELD = "Run held"
    RUN_FAILED = "Run failed"
    RUN_REJECTED = "Run rejected"
    BREAKER_OPENED = "Breaker opened"
    OBJECT_REFUSED = "Object refused"


ALERTS = (
    EventType.RUN_HELD,
    EventType.RUN_FAILED,
    EventType.RUN_REJECTED,
    EventType.BREAKER_OPENED,
    EventType.OBJECT_REFUSED,
    EventType.SILVER_ROLLED_BACK,
    EventType.GOLD_ROLLED_BACK,
)
"""Those that a person should hear of."""

PUBLICATIONS = (
    EventType.SILVER_PROMOTED,
    EventType.GOLD_PROMOTED,
    EventType.SILVER_ROLLED_BACK,
    EventType.GOLD_ROLLED_BACK,
)
"""Those after which readers see something else, so that Gold models are built."""
