"""What `serve` says when it is ready: where it is, and what to paste where."""

from gateway import __version__

_TEXT = """
  Alert gateway {version} is ready: {url}

  Your first ticket (paste into another terminal):

    curl -s {url}/api/v1/intake/custom {auth}-H 'Content-Type: application/json' \\
      -d '{{"labels": {{"alertname": "DiskFull", "instance": "db1", "severity": "critical"}},
           "annotations": {{"summary": "Disk of db1 is full"}}}}'
    curl -s {auth}{url}/api/v1/tickets

  Alertmanager (alertmanager.yml):          Prometheus (prometheus.yml):

    receivers:                                alerting:
      - name: gateway                           alertmanagers:
        webhook_configs:                          - static_configs:
          - url: {url}/api/v1/intake/alertmanager
            send_resolved: true                       - targets: ["{target}"]

  Watch tickets come:  {program} tickets --watch        Stop: Ctrl-C
"""


def banner(host: str, port: int, *, token: bool, program: str) -> str:
    """*host* and *port* are where it listens; *token*: callers must send one."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return _TEXT.format(
        version=__version__,
        url=f"http://{target}",
        target=target,
        auth='-H "Authorization: Bearer $TOKEN" ' if token else "",
        program=program,
    )
