"""What Alertmanager's `webhook_configs` post: a group of alerts, message version 4.

A message is a snapshot of its group: known alerts come again, and one that is missing from it has
not resolved. Source: Alertmanager's documentation, `webhook_config`.
"""

from gateway.intake.delivery.source import SourceKind
from gateway.reading.group_message import parse_group

SOURCE = SourceKind(kind="alertmanager", open=lambda options: parse_group)
