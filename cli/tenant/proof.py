"""The stacks without a tenant and with it: two syntheses, and the bytes of every template in both."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.deploying import run_cdk, synthesized
from cli.errors import StacksChanged
from cli.output import Progress
from medallion.tenants import SETTINGS


@dataclass(frozen=True)
class Change:
    """What a tenant adds: its stacks, with their number of resources, and the stacks whose templates stay the same."""

    new: Mapping[str, int]
    unchanged: list[str]


@dataclass(frozen=True)
class _Template:
    resources: int
    content: bytes


def compare(root: Path, tenants: Path, added: Path, environment: str, tell: Progress) -> Change:
    """Synthesize the app of `root` for the tenants of a folder, without the one that is `added` and with it.

    StacksChanged if any stack that is not new has another template then, or none.
    """
    build = root / "build"
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=build) as scratch, ThreadPoolExecutor(max_workers=2) as pool:
        others = Path(scratch) / "tenants"
        others.mkdir()
        for settings in tenants.glob(f"*/{SETTINGS}"):
            if settings.parent != added:
                (others / settings.parent.name).symlink_to(settings.parent.resolve(), target_is_directory=True)
        without = pool.submit(_templates, root, others, Path(scratch) / "without", environment, tell)
        with_it = pool.submit(_templates, root, tenants, Path(scratch) / "with", environment, tell)
        return _compared(without.result(), with_it.result(), added.name)


def _templates(root: Path, tenants: Path, output: Path, environment: str, tell: Progress) -> dict[str, _Template]:
    """Every template of the app, by its stack."""
    given = ["--context", f"environment={environment}", "--context", f"tenants={tenants}"]
    run_cdk(root, ["synth", "--quiet", "--output", str(output), *given], {}, tell)
    return {
        one["stack"]: _Template(one["resources"], Path(one["template"]).read_bytes()) for one in synthesized(output)
    }


def _compared(before: Mapping[str, _Template], after: Mapping[str, _Template], tenant: str) -> Change:
    changed = sorted(name for name, one in before.items() if name not in after or one.content != after[name].content)
    if changed:
        raise StacksChanged(
            f"tenant {tenant} would change stacks that are not its own: {', '.join(changed)}. Its folder is removed "
            "again. Nothing of one tenant may stand in another's template: look for what the stacks list by tenant"
        )
    new = {name: one.resources for name, one in sorted(after.items()) if name not in before}
    return Change(new=new, unchanged=sorted(before))
