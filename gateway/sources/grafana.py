"""What Grafana's webhook contact point posts: Alertmanager's group message as version 1.

Grafana strips labels named `__…` from the payload but keeps them in its fingerprint, so its own is
the only one that names the alert to it. Where the rule has no link of its own, the panel's is
taken, then the dashboard's. Source: Grafana's documentation, "Configure the webhook notifier".
"""

from gateway.intake.delivery.signing import (
    GrafanaSigningOptions,
    check_grafana,
    grafana_signing,
)
from gateway.intake.delivery.source import SourceKind
from gateway.reading.group_message import parse_group

SOURCE = SourceKind(
    kind="grafana",
    open=lambda options: parse_group,
    options=GrafanaSigningOptions,
    check=check_grafana,
    signing=grafana_signing,
)
