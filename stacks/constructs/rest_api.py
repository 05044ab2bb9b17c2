"""API Gateway's side of the API: every route of the OpenAPI document, and the same once more for who signs with IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from medallion.control.keys import FORM
from medallion.layout import API_STAGE, EnvironmentLayout
from stacks.acknowledgements import acknowledge
from stacks.constructs.api_function import TIMEOUT
from stacks.constructs.log_group import EncryptedLogGroup
from stacks.settings import ROOT, EnvironmentSettings

DOCUMENT = ROOT / "docs" / "openapi.json"
"""What the app says of itself; a test holds it to the app."""
OPEN = frozenset({"/health"})

_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "principal": "$context.authorizer.principalId",
    "signer": "$context.identity.userArn",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "address": "$context.identity.sourceIp",
    "refused": "$context.authorizer.error",
}
_PROBLEMS: Mapping[str, tuple[int, str, str, str]] = {
    "BAD_REQUEST_PARAMETERS": (400, "bad-request", "Bad request", "$context.error.validationErrorString"),
    "UNAUTHORIZED": (401, "unauthenticated", "Unauthenticated", "Send a valid key: Authorization: Bearer mdl_…"),
    "ACCESS_DENIED": (403, "not-allowed", "Not allowed", "This key does not open this API"),
    "INVALID_API_KEY": (403, "not-allowed", "Not allowed", "The tenant has no usage plan here: deploy it again"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not-found", "Not found", "There is no such path, or not with this method"),
    "THROTTLED": (429, "too-many-requests", "Too many requests", "More than the usage plan admits: try again later"),
    "QUOTA_EXCEEDED": (429, "too-many-requests", "Too many requests", "More than the usage plan admits"),
    "DEFAULT_4XX": (0, "refused", "Refused", "$context.error.message"),
    "DEFAULT_5XX": (0, "internal-error", "Internal error", "The platform could not do it: try again later"),
}
"""What API Gateway answers by itself, as problem details: status (0: as it comes), kind, title, detail."""


class RestApi(Construct):
    """A regional REST API with its stage, authorizer, validation and logs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: EnvironmentLayout,
        settings: EnvironmentSettings,
        function: lambda_.IFunction,
        authorizer: lambda_.IFunction,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self._layout = layout
        log = EncryptedLogGroup(self, "AccessLog", name=layout.log_group("api-access"), key=key, settings=settings)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=layout.stack("api"),
            description=f"Medallion {layout.environment}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            api_key_source_type=apigateway.ApiKeySourceType.AUTHORIZER,
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name=API_STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(log.log_group),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                metrics_enabled=True,
                tracing_enabled=True,
                throttling_rate_limit=settings.api_rate,
                throttling_burst_limit=settings.api_burst,
            ),
        )
        self._validator = apigateway.RequestValidator(
            self, "Parameters", rest_api=self.api, validate_request_parameters=True, validate_request_body=False
        )
        self._authorizer = apigateway.TokenAuthorizer(
            self,
            "Keys",
            handler=authorizer,
            # What is no key at all is refused before anything runs.
            validation_regex=f"^Bearer {FORM}$",
            # A revoked key opens nothing from the next request on.
            results_cache_ttl=Duration.seconds(0),
        )
        self._integration = apigateway.Integration(
            type=apigateway.IntegrationType.AWS_PROXY,
            integration_http_method="POST",
            uri=_invocation(layout, function),
            options=apigateway.IntegrationOptions(timeout=Duration.seconds(TIMEOUT)),
        )
        self._add_routes(json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"])
        for name, said in _PROBLEMS.items():
            self._add_problem(name, *said)
        lambda_.CfnPermission(
            self,
            "Invoke",
            action="lambda:InvokeFunction",
            function_name=function.function_name,
            principal="apigateway.amazonaws.com",
            source_arn=layout.arn("execute-api", f"{self.api.rest_api_id}/*"),
        )
        acknowledge(self.api, "AwsSolutions-APIG2", "Parameters are validated by each method, bodies by the function")

    def _add_routes(self, paths: Mapping[str, Mapping[str, Any]]) -> None:
        for path, methods in paths.items():
            resource = self.api.root.resource_for_path(path)
            for method, operation in methods.items():
                self._add_method(resource, method.upper(), operation, opened=path in OPEN)
        signed = self.api.root.add_resource("iam").add_resource("{proxy+}")
        made = signed.add_method("ANY", self._integration, authorization_type=apigateway.AuthorizationType.IAM)
        _acknowledge_authorization(made, "Operators sign with IAM, which says who may call below /iam")

    def _add_method(
        self, resource: apigateway.IResource, method: str, operation: Mapping[str, Any], *, opened: bool
    ) -> None:
        required = {
            f"method.request.{_PLACES[one['in']]}.{one['name']}": True
            for one in operation.get("parameters", [])
            if one.get("required") and one["in"] in _PLACES
        }
        made = resource.add_method(
            method,
            self._integration,
            api_key_required=not opened,
            authorization_type=_TYPE.NONE if opened else _TYPE.CUSTOM,
            authorizer=None if opened else self._authorizer,
            operation_name=operation["operationId"],
            request_parameters=required or None,
            request_validator=self._validator,
        )
        if opened:
            acknowledge(made, "AwsSolutions-APIG4", "It says that the API answers, and nothing else")
            _acknowledge_authorization(made, "It says that the API answers, and nothing else")
            return
        _acknowledge_authorization(made, "Keys are the platform's own: an authorizer checks them")

    def _add_problem(self, name: str, status: int, kind: str, title: str, detail: str) -> None:
        """A gateway response. A variable stands without quotes where it brings its own."""
        told = {
            "type": f"/problems/{kind}",
            "title": title,
            "status": status,
            "detail": detail,
            "request_id": "$context.requestId",
        }
        template = json.dumps(told, ensure_ascii=False)
        if not status:
            template = template.replace('"status": 0, ', "")
        self.api.add_gateway_response(
            "".join(part.capitalize() for part in name.split("_")),
            type=apigateway.ResponseType.of(name),
            status_code=str(status) if status else None,
            response_headers={"Content-Type": "'application/problem+json'"},
            templates={"application/json": template},
        )


class GatewayLogs(Construct):
    """The role in which API Gateway logs. It is one for an account and region: AWS keeps it beside the APIs."""

    def __init__(self, scope: Construct, construct_id: str, *, layout: EnvironmentLayout, role: iam.IRole) -> None:
        super().__init__(scope, construct_id)
        self.account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)


_TYPE = apigateway.AuthorizationType
_PLACES = {"header": "header", "query": "querystring"}


def _invocation(layout: EnvironmentLayout, function: lambda_.IFunction) -> str:
    service = f"arn:aws:apigateway:{layout.region}:lambda:path/2015-03-31/functions"
    return f"{service}/{function.function_arn}/invocations"


def _acknowledge_authorization(method: apigateway.Method, reason: str) -> None:
    acknowledge(method, "AwsSolutions-COG4", reason)
