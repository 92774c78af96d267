"""What `serve` says when it is ready: where it is, and what to paste where."""

import shlex
from pathlib import Path

from gateway import __version__
from gateway.config import Config
from gateway.web.http.options import ListenAddress

_TEXT = """
  Alert gateway {version} is ready: {url}

  Your first ticket (paste into another terminal):

{token}    curl -s {url}/api/v1/intake/custom {auth}-H 'Content-Type: application/json' \\
      -d '{{"labels": {{"alertname": "DiskFull", "instance": "db1", "severity": "critical"}},
           "annotations": {{"summary": "Disk of db1 is full"}}}}'
    curl -s {auth}{url}/api/v1/tickets

  Alertmanager (alertmanager.yml):

    receivers:
      - name: gateway
        webhook_configs:
          - url: {url}/api/v1/intake/alertmanager
            send_resolved: true{alertmanager_auth}

  Prometheus (prometheus.yml):

    alerting:
      alertmanagers:
        - static_configs:
            - targets: ["{target}"]{prometheus_auth}

  Watch tickets come (Ctrl-C stops):

    {program} tickets --watch{config}{token_file}
"""
_READ_FILE = """\
    TOKEN=$(cat /path/to/token)    # a token of yours, or the file that [auth] token_file names
"""
_ALERTMANAGER_AUTH = """
            http_config:
              authorization:
                credentials_file: /path/to/token"""
_PROMETHEUS_AUTH = """
          authorization:
            credentials_file: /path/to/token"""


def banner(config: Config, config_path: Path | None, listen: ListenAddress, program: str) -> str:
    """*listen* is where it does, whatever was configured; *program* is how it was called."""
    needs_token = config.auth.required
    return _TEXT.format(
        version=__version__,
        url=f"http://{listen.local}",
        target=listen.local,
        program=program,
        config="" if config_path is None else f" --config {shlex.quote(str(config_path))}",
        token=_READ_FILE if needs_token else "",
        token_file=" --token-file /path/to/token" if needs_token and not config.auth.token else "",
        auth='-H "Authorization: Bearer $TOKEN" ' if needs_token else "",
        alertmanager_auth=_ALERTMANAGER_AUTH if needs_token else "",
        prometheus_auth=_PROMETHEUS_AUTH if needs_token else "",
    )
