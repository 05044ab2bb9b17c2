"""The CDK app: a stack composes, a construct builds."""
