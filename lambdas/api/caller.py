"""Who asks, for which tenant, and whether that may be: what each route says first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from medallion.control.keys import OPERATORS, Role
from medallion.errors import InvalidName, NotAllowed, TenantNotNamed, Unauthenticated, UnknownTenant
from medallion.layout import checked_tenant
from medallion.people import Person
from medallion.steps.platform import Platform

TENANT_HEADER = "Medallion-Tenant"
"""In which an operator names the tenant. Whoever has a tenant's key names none: the key does."""


class Tenancy(Protocol):
    """What the app works with: each tenant's platform, in the credentials of that tenant's role."""

    def platform(self, tenant: str, role: Role) -> Platform:
        """The tenant's platform, with no more rights than the role needs. UnknownTenant if there is none."""
        ...

    def tenants(self) -> list[str]:
        """The ids of the environment's tenants, in their order."""
        ...


@dataclass(frozen=True)
class Principal:
    """Who presented a valid key, or signed the request: `owner` is a tenant's id or OPERATORS.

    `holder` is the person or program itself: who the key was made for, or who signed.
    """

    owner: str
    role: Role
    name: str
    holder: str
    key_id: str = ""


@dataclass(frozen=True)
class Caller:
    """A principal at work for one tenant. `name` is what is recorded of who it was."""

    tenant: str
    principal: Principal
    platform: Platform

    @property
    def role(self) -> Role:
        return self.principal.role

    @property
    def name(self) -> str:
        return self.principal.name

    def person(self, reason: str) -> Person:
        return Person(self.name, reason, self.platform.clock(), self.principal.holder)


def principal_of(request: Request) -> Principal:
    """Who API Gateway says that it is: it has checked the key, or the signature, before this code runs."""
    context: dict[str, Any] = request.scope.get("aws.event", {}).get("requestContext", {})
    admitted = context.get("authorizer") or {}
    if admitted.get("key_id"):
        key_id, called = admitted["key_id"], admitted["name"]
        holder = admitted.get("holder") or called
        name = f"key {key_id} ({called})" if holder == called else f"key {key_id} ({called}, of {holder})"
        return Principal(admitted["owner"], Role(admitted["role"]), name, holder, key_id)
    if signer := (context.get("identity") or {}).get("userArn"):
        return Principal(OPERATORS, Role.OPERATOR, signer, signer)
    raise Unauthenticated("The request carries no valid key: send Authorization: Bearer mdl_…, or sign it")


def caller_of(request: Request) -> Caller:
    """The caller, once for each request."""
    if not hasattr(request.state, "caller"):
        principal = principal_of(request)
        tenant = _tenant(request, principal)
        tenancy: Tenancy = request.app.state.tenancy
        request.state.caller = Caller(tenant, principal, tenancy.platform(tenant, principal.role))
    caller: Caller = request.state.caller
    return caller


def _tenant(request: Request, principal: Principal) -> str:
    if principal.owner != OPERATORS:
        return principal.owner
    named = request.headers.get(TENANT_HEADER)
    if not named:
        raise TenantNotNamed(f"An operator says for which tenant: send {TENANT_HEADER}: <tenant>")
    try:
        return checked_tenant(named)
    except InvalidName:
        raise UnknownTenant(f"tenant {named!r} does not exist in this environment") from None


def admits(*roles: Role) -> Callable[[Request], Caller]:
    """A dependency that gives the caller, if it has one of the roles or is an operator; NotAllowed otherwise."""

    def caller(request: Request) -> Caller:
        found = caller_of(request)
        if found.role not in (*roles, Role.OPERATOR):
            raise NotAllowed(f"This takes the role {' or '.join(roles or (Role.OPERATOR,))}; the key's is {found.role}")
        return found

    caller.roles = frozenset({*roles, Role.OPERATOR})  # type: ignore[attr-defined]  # the documentation and the matrix read it
    return caller


def _operator(request: Request) -> Principal:
    principal = principal_of(request)
    if principal.role is not Role.OPERATOR:
        raise NotAllowed(f"This takes the role operator; the key's is {principal.role}")
    return principal


_operator.roles = frozenset({Role.OPERATOR})  # type: ignore[attr-defined]  # as above

Viewer = Annotated[Caller, Depends(admits(Role.VIEWER, Role.STEWARD, Role.ENGINEER))]
Steward = Annotated[Caller, Depends(admits(Role.STEWARD))]
Engineer = Annotated[Caller, Depends(admits(Role.ENGINEER))]
Decider = Annotated[Caller, Depends(admits(Role.STEWARD, Role.ENGINEER))]
Operator = Annotated[Caller, Depends(admits())]
EnvironmentOperator = Annotated[Principal, Depends(_operator)]
"""An operator who asks about the environment: no tenant is named."""
