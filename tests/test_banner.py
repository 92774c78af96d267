"""What `serve` says when it is ready can be pasted as it stands."""

import shlex
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli.banner import banner
from gateway.config import Config, load
from gateway.web.http.options import ListenAddress

TOKEN = "s3cret-of-the-gateway"


@pytest.fixture
def config(tmp_path: Path) -> tuple[Config, Path]:
    """With a token, in a directory that a shell must be told of with care."""
    path = tmp_path / "my config.toml"
    path.write_text(f'[auth]\ntoken = "{TOKEN}"\n')
    return load(path), path


def below(text: str, heading: str) -> str:
    """The block that stands under the line that begins with *heading*."""
    rest = text.partition(f"  {heading}")[2].partition("\n\n")[2]
    lines = rest.splitlines()
    end = next((n for n, line in enumerate(lines) if line and not line.startswith("    ")), None)
    return textwrap.dedent("\n".join(lines[:end]))


def senders(text: str) -> tuple[Any, Any]:
    """The receiver of Alertmanager, and the Alertmanager of Prometheus."""
    alertmanager = yaml.safe_load(below(text, "Alertmanager ("))
    prometheus = yaml.safe_load(below(text, "Prometheus ("))
    [receiver] = alertmanager["receivers"]
    [target] = prometheus["alerting"]["alertmanagers"]
    return receiver["webhook_configs"][0], target


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "127.0.0.1"])
def test_each_sender_has_a_block_of_its_own(host: str) -> None:
    text = banner(load(None), None, ListenAddress(host, 9096), "alert-gateway")
    url = "http://127.0.0.1:9096/api/v1/intake/alertmanager"
    assert senders(text) == (
        {"url": url, "send_resolved": True},
        {"static_configs": [{"targets": ["127.0.0.1:9096"]}]},
    )
    assert below(text, "Watch").strip() == "alert-gateway tickets --watch"
    assert "TOKEN" not in text


def test_with_a_token_every_block_gives_it_and_none_shows_it(config: tuple[Config, Path]) -> None:
    text = banner(*config, ListenAddress("::1", 80), "alert-gateway")
    receiver, target = senders(text)
    file = {"credentials_file": "/path/to/token"}
    assert receiver["http_config"] == {"authorization": file}
    assert target["authorization"] == file
    assert target["static_configs"] == [{"targets": ["[::1]:80"]}]
    shell = below(text, "Your first ticket")
    assert shell.splitlines()[0].startswith("TOKEN=$(cat /path/to/token)")
    assert shell.count('-H "Authorization: Bearer $TOKEN"') == shell.count("curl") == 2
    watch = ["alert-gateway", "tickets", "--watch", "--config", str(config[1])]
    assert shlex.split(below(text, "Watch")) == watch
    assert TOKEN not in text


def test_where_everybody_has_a_token_of_their_own_the_table_is_asked_for_with_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "my.toml"
    path.write_text('[auth]\nmode = "required"\n')
    text = banner(load(path), path, ListenAddress("::1", 80), "alert-gateway")
    assert below(text, "Watch").strip().endswith("--token-file /path/to/token")
