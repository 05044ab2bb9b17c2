"""What takes long to load, loaded at its first use: the engines, half a second, and what speaks HTTP."""

from __future__ import annotations

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["operate", "operations", "remote"]

if TYPE_CHECKING:
    from cli import operations, remote
    from medallion.steps import operate
else:

    def _by_need(name: str) -> ModuleType:
        """The module, executed at the first look at one of its names (importlib.util.LazyLoader)."""
        if name in sys.modules:
            return sys.modules[name]
        spec = find_spec(name)
        spec.loader = LazyLoader(spec.loader)
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    operations = _by_need("cli.operations")
    operate = _by_need("medallion.steps.operate")
    remote = _by_need("cli.remote")
