"""What stands before the API: AWS's rules against the usual attacks, and a bound on what one address may send."""

from __future__ import annotations

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from medallion.layout import EnvironmentLayout
from stacks.settings import EnvironmentSettings

_MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    # A contract is larger than the 8 KB that this rule admits, and a query may name anything.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
}
"""Groups of rules, each with those of its rules that only count."""


class Firewall(Construct):
    """A web ACL for the stage of that ARN."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: EnvironmentLayout,
        settings: EnvironmentSettings,
        stage_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        rules = [_of_group(at, name, counting) for at, (name, counting) in enumerate(_MANAGED.items())]
        rules.append(_per_address(len(rules), settings.api_address_requests))
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=layout.stack("api"),
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible("api"),
            rules=rules,
        )
        wafv2.CfnWebACLAssociation(self, "Stage", resource_arn=stage_arn, web_acl_arn=self.acl.attr_arn)


def _of_group(priority: int, name: str, counting: tuple[str, ...]) -> wafv2.CfnWebACL.RuleProperty:
    acl = wafv2.CfnWebACL
    only_count = [
        acl.RuleActionOverrideProperty(name=rule, action_to_use=acl.RuleActionProperty(count={})) for rule in counting
    ]
    return acl.RuleProperty(
        name=name,
        priority=priority,
        override_action=acl.OverrideActionProperty(none={}),
        statement=acl.StatementProperty(
            managed_rule_group_statement=acl.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name, rule_action_overrides=only_count or None
            )
        ),
        visibility_config=_visible(name),
    )


def _per_address(priority: int, requests: int) -> wafv2.CfnWebACL.RuleProperty:
    acl = wafv2.CfnWebACL
    return acl.RuleProperty(
        name="PerAddress",
        priority=priority,
        action=acl.RuleActionProperty(block={}),
        statement=acl.StatementProperty(
            rate_based_statement=acl.RateBasedStatementProperty(aggregate_key_type="IP", limit=requests)
        ),
        visibility_config=_visible("PerAddress"),
    )


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
