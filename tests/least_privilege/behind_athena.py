"""What the API's role must say, to the letter, for Athena to work in it."""

from __future__ import annotations

from medallion.layout import TABLE_ZONES, Zone
from tests.least_privilege.saying import Unjudged, bucket, key_by_way_of, tables

WITHIN = "the embedded Athena reads catalogue and tables, and keeps results, without the caller's role"


def _says(actions: tuple[str, ...], *resources: str) -> Unjudged:
    said = list(resources) if len(resources) > 1 else resources[0]
    return Unjudged(WITHIN, actions, lambda key_arn: said)


BEHIND_ATHENA: dict[tuple[str, str], Unjudged] = {
    ("api", "UseKey"): key_by_way_of("s3"),
    ("api", "KeepResults"): _says(("s3:GetObject", "s3:PutObject"), f"{bucket(Zone.ARTIFACTS)}/athena/*"),
    ("api", "LocateBuckets"): _says(
        ("s3:GetBucketLocation",), *(bucket(zone) for zone in (*TABLE_ZONES, Zone.ARTIFACTS))
    ),
    **{
        ("api", f"Describe{zone.capitalize()}Tables"): _says(
            ("glue:GetDatabase", "glue:GetTable", "glue:GetTables"), *tables(zone)
        )
        for zone in TABLE_ZONES
    },
    # Of Silver and Gold the API itself reads what is published.
    **{
        ("api", f"Get{zone.capitalize()}"): _says(("s3:GetObject",), f"{bucket(zone)}/*")
        for zone in (Zone.BRONZE, Zone.QUARANTINE)
    },
}
