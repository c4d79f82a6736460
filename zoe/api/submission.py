"""From what a client posts to an execution that can be stored."""

from dataclasses import dataclass, field

from pydantic import BaseModel, SecretStr, ValidationError

from zoe import zapp
from zoe.api.bodies import faults_of, fit
from zoe.api.feasibility import never
from zoe.api.operation import Resource
from zoe.api.schemas import NewExecution
from zoe.api.validation import read_for_site
from zoe.errors import Fault, ParametersInvalidError, RequestInvalidError
from zoe.state import requests
from zoe.state.accounts import Account
from zoe.state.requests import NewService, Submission


@dataclass(frozen=True, slots=True)
class Order:
    """A valid request for an execution: the ZApp, and where it comes from."""

    name: str
    zapp: zapp.ZApp
    warnings: list[Fault]
    zapp_type: str | None = None
    parameters: dict[str, object] | None = None
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    opportunistic: bool = False


def read_order(resource: Resource, sent: object) -> Order:
    """Return what the body of POST /execution asks for.

    Raises:
        ZAppInvalidError, ParametersInvalidError, RequestInvalidError: each with the path of every fault.

    """
    application = sent.pop("application", None) if isinstance(sent, dict) else None
    request = fit(NewExecution, sent)
    if (application is None) == (request.zapp_type is None):
        raise RequestInvalidError([Fault("application", "give either an application or a zapp_type with parameters")])
    if request.zapp_type is None:
        made = read_for_site(resource, application)
        warnings = zapp.unknown_keys(application)
        return Order(request.name, made, warnings, opportunistic=bool(request.opportunistic))
    return _of_type(resource, request, request.zapp_type)


def _of_type(resource: Resource, request: NewExecution, name: str) -> Order:
    zapp_type = resource.collaborators.zapp_types.get(name)
    if zapp_type is None:
        known = ", ".join(sorted(resource.collaborators.zapp_types)) or "none"
        raise RequestInvalidError([Fault("zapp_type", f"there is no ZApp type {name!a}; there are: {known}")])
    try:
        parameters = zapp_type.Parameters.model_validate(request.parameters or {})
    except ValidationError as error:
        raise ParametersInvalidError(faults_of(error, "parameters")) from error
    opportunistic = type(zapp_type).opportunistic if request.opportunistic is None else request.opportunistic
    if opportunistic:
        parameters = zapp_type.when_opportunistic(parameters)
    made = read_for_site(resource, zapp_type.zapp(parameters))
    stored = parameters.model_dump(mode="json")
    return Order(request.name, made, [], name, stored, _secrets(parameters), opportunistic)


def _secrets(parameters: BaseModel) -> dict[str, str]:
    """Return what pydantic hides in every answer: the type's document says `{secret#name}` in its place."""
    values = {name: getattr(parameters, name) for name in type(parameters).model_fields}
    return {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}


def place_order(resource: Resource, account: Account, order: Order) -> tuple[int, list[Fault]]:
    """Store an execution; return its id, and what is worth a warning: unknown keys, that it can never start here.

    Raises:
        QuotaExceededError: where what is beyond a quota is refused.

    """
    database = resource.collaborators.database
    submission = as_submission(resource, account, order)
    number = requests.submit(database, submission)
    resource.collaborators.ring("submission")
    together = resource.collaborators.one_node_networks
    return number, [*order.warnings, *never(database, order.zapp, submission, together=together)]


def as_submission(resource: Resource, account: Account, order: Order) -> Submission:
    """Return the rows to be."""
    return Submission(
        account=account,
        name=order.name,
        description=order.zapp.model_dump(mode="json"),
        size=zapp.size(order.zapp),
        services=_services(resource, order.zapp),
        at=resource.collaborators.now(),
        zapp_type=order.zapp_type,
        parameters=order.parameters,
        secrets=order.secrets,
        refuse_over_quota=resource.collaborators.settings.scheduler.over_quota == "refuse",
        opportunistic=order.opportunistic,
    )


def _services(resource: Resource, document: zapp.ZApp) -> list[NewService]:
    defaults = resource.collaborators.settings.scheduler
    reserved = {
        entry.name: zapp.reserved(entry, defaults.default_cores, defaults.default_memory) for entry in document.services
    }
    return [
        NewService(one.name, one.group, one.core, one.service.startup_order, *reserved[one.group])
        for one in zapp.instances(document)
    ]
