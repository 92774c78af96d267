"""What Alertmanager's `webhook_configs` post: a group of alerts, message version 4.

A message is a snapshot of its group: known alerts come again, and one that is missing from it has
not resolved. Source: Alertmanager's documentation, `webhook_config`.
"""

from collections.abc import Mapping

from gateway.intake.group_message import parse_group
from gateway.intake.payload import refuse_options
from gateway.intake.source import Parse, SourceKind


def _open(options: Mapping[str, object]) -> Parse:
    refuse_options(options)
    return parse_group


SOURCE = SourceKind(kind="alertmanager", open=_open)
