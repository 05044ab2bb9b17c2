"""The way through the API: with a key, wherever the caller is."""

from __future__ import annotations

from cli.remote.access import Access, checked_url
from cli.remote.client import Client, connect
from cli.remote.remote import Remote

__all__ = ["Access", "Client", "Remote", "checked_url", "connect"]
