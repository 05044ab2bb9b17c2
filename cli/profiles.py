"""Keys that a person keeps on this machine, by profile: `~/.config/medallion/credentials`, theirs alone to read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from cli.errors import BadArgument

DEFAULT = "default"
_PRIVATE = 0o077
"""What a file's mode has of others' rights."""


@dataclass(frozen=True)
class Profile:
    """An API's address, and the key that opens it."""

    api: str
    key: str = field(repr=False)


def credentials_file(variables: Mapping[str, str] = os.environ) -> Path:
    """Where the profiles are kept."""
    home = variables.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "medallion" / "credentials"


def read_profile(name: str, file: Path) -> Profile | None:
    """The profile of that name; None if none is kept. BadArgument where others may read the file, or nobody can."""
    kept = _read(file)
    if not kept.has_section(name):
        return None
    try:
        return Profile(kept.get(name, "api"), kept.get(name, "key"))
    except Error as problem:
        raise BadArgument(f"{file}: profile {name} is not whole. Make it anew: medallion login") from problem


def keep_profile(name: str, profile: Profile, file: Path) -> None:
    """Keep the profile, in place of an earlier one of its name."""
    kept = _read(file)
    kept[name] = {"api": profile.api, "key": profile.key}
    _write(kept, file)


def forget_profile(name: str, file: Path) -> bool:
    """Forget the profile; False if none is kept of that name."""
    kept = _read(file)
    if not kept.remove_section(name):
        return False
    _write(kept, file)
    return True


def _read(file: Path) -> ConfigParser:
    # No defaults section: a profile may be called default, and no other takes its values.
    kept = ConfigParser(interpolation=None, default_section="")
    if not file.exists():
        return kept
    if file.stat().st_mode & _PRIVATE:
        raise BadArgument(f"{file}: others may read it, and so its keys. Make it yours alone: chmod 600 {file}")
    try:
        kept.read_string(file.read_text(encoding="utf-8"))
    except (Error, UnicodeDecodeError, OSError) as problem:
        raise BadArgument(f"{file}: it cannot be read. Remove it, and log in again: medallion login") from problem
    return kept


def _write(kept: ConfigParser, file: Path) -> None:
    """Write it whole or not at all; only its owner may read it, from its first byte on."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, prefix=".", delete=False) as made:
        kept.write(made)
    Path(made.name).replace(file)
