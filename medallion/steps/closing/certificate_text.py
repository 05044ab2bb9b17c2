"""A certificate for a reader."""

from __future__ import annotations

from datetime import datetime

from medallion.steps.closing.certificate import Certificate


def as_text(certificate: Certificate, content_hash: str) -> str:
    """The certificate for a reader, in Markdown."""
    said = certificate
    asked = (
        f"Account {said.account}, {said.region}. Asked by {said.asked.by} ({said.asked.caller}), "
        f"{_moment(said.asked.at)}: {said.reason}."
    )
    head = [
        f"# Tenant {said.tenant} of {said.environment} is closed",
        "",
        asked,
        _approval(said),
        f"SHA-256 of certificate.json: `{content_hash}`.",
        "",
        "| stage | ended |",
        "|---|---|",
        *(f"| {stage} | {_moment(at)} |" for stage, at in said.ended.items()),
        "",
        f"Exported: {said.exported.files} files, {said.exported.bytes} bytes, to {said.exported.where}; manifest "
        f"`{said.exported.manifest}`." + (" Open entries of quarantine were given up." if said.abandoned_open else ""),
        "",
        "## Removed",
        "",
        "| what | how many | holding | bytes |",
        "|---|---|---|---|",
        *(f"| {one.kind} | {one.count} | {one.items or ''} | {one.bytes or ''} |" for one in said.removed),
        "",
        "## Remains",
        "",
        "| what | how many | where | why | until |",
        "|---|---|---|---|---|",
        *(
            f"| {one.what} | {one.items or ''} | {one.where} | {one.why} | {_moment(one.until)} |"
            for one in said.remains
        ),
        "",
        "## Last receipts",
        "",
        "| chain | number | SHA-256 |",
        "|---|---|---|",
        *(f"| {one.chain} | {one.sequence} | `{one.hash}` |" for one in said.chains),
        "",
    ]
    return "\n".join(head)


def _approval(said: Certificate) -> str:
    if said.approved is None:
        return "No second person was needed."
    return f"Approved by {said.approved.by} ({said.approved.caller}), {_moment(said.approved.at)}."


def _moment(at: datetime | None) -> str:
    return "—" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
