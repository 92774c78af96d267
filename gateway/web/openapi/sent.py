"""What senders send, for the description only: each source's adapter reads it its own way."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from gateway.web.http.endpoint import Body
from gateway.web.views.words import Hyperlink, Labels, Time, about

OptionalTime = Time | None | UnsetType


class CustomAlert(Struct, kw_only=True):
    """The plain shape of the kind `custom`: one alert, a list of such, or `{"alerts": [...]}`.

    Any of these fields beside the list is shared by all in it: an alert's own wins, labels and
    annotations are merged key by key. Values of labels and annotations may be numbers and booleans,
    which become text as they are written; null means absent. Without a status, an end that has
    passed means resolved.
    """

    labels: Annotated[
        dict[str, Any] | UnsetType, about("Required but in an envelope; they name the alert.")
    ] = UNSET
    status: Literal["firing", "resolved"] = "firing"
    annotations: dict[str, Any] | UnsetType = UNSET
    title: Annotated[str | UnsetType, about("Short for the annotation `summary`.")] = UNSET
    description: str | UnsetType = UNSET
    severity: Annotated[Any, about("If it is no label.")] = UNSET
    starts_at: OptionalTime = UNSET
    ends_at: OptionalTime = UNSET
    expires_at: Annotated[OptionalTime, about("Firing until then, unless repeated.")] = UNSET
    url: Hyperlink | UnsetType = UNSET
    fingerprint: Annotated[Any, about("The sender's own name for it.")] = UNSET


class GroupMessage(Struct, kw_only=True, rename="camel"):
    """Alertmanager's webhook message (version 4), and Grafana's."""

    alerts: list[Any] | None
    truncated_alerts: int | UnsetType = UNSET


class PrometheusAlert(Struct, kw_only=True, rename="camel"):
    """Prometheus' alert. There is no status; an end that has passed means resolved."""

    labels: Labels
    annotations: Labels | UnsetType = UNSET
    starts_at: str | UnsetType = UNSET
    ends_at: str | UnsetType = UNSET
    generator_url: Hyperlink | UnsetType = field(default=UNSET, name="generatorURL")


PrometheusAlerts = list[PrometheusAlert] | None

SENT = Body(
    (
        CustomAlert,
        Annotated[list[Any], about("Alerts of the kind custom, or events of the kind n9e.")],
        GroupMessage,
        Annotated[dict[str, Any], about("What another kind sends.")],
        None,
    ),
    "What the source's kind sends; here the shapes of `custom` and of Alertmanager's webhook.",
    "Sent",
)
ALERTS = Body((PrometheusAlerts,))
