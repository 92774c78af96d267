"""Secrets stand in files that nobody else can read, and are never shown."""

from pathlib import Path

import pytest

from gateway.config import ConfigError
from gateway.config.secret_files import CONTAINER_SECRETS, is_open_to_others
from tests.config.writer import Writer

SECRET = "s3cret"


def test_every_secret_may_stand_in_a_file_beside_the_configuration(written: Writer) -> None:
    written.secret("token", f"{SECRET}\n".encode())
    written.secret("url", f"postgresql://me:{SECRET}@db/gateway\n".encode())
    written.secret("redis", f"redis://:{SECRET}@cache".encode())
    written.secret("hook", f"https://hooks.example.org/{SECRET}".encode())
    config = written.load(
        """
        [http]
        listen = "0.0.0.0:9096"
        [auth]
        token_file = "token"
        [postgres]
        url_file = "url"
        [redis]
        url_file = "redis"
        [[webhooks]]
        url_file = "hook"
        """
    )
    assert config.auth.token == SECRET
    assert config.postgres.url == f"postgresql://me:{SECRET}@db/gateway"
    assert config.redis.url == f"redis://:{SECRET}@cache"
    assert config.webhooks[0].url == f"https://hooks.example.org/{SECRET}"
    assert SECRET not in repr(config)
    assert SECRET in config.secrets


def test_a_source_may_have_several_secrets_one_a_line(written: Writer) -> None:
    written.secret("secrets", b"\n  a first key\r\n\nanother key\n")
    for option in ('secret_file = "secrets"', 'secret = """a first key\nanother key"""'):
        config = written.load(f"[sources.grafana]\n{option}")
        signing = config.sources["grafana"].signing
        assert signing is not None
        assert signing.keys == (b"a first key", b"another key")
        assert "another key" not in repr(config)
        assert {"a first key", "another key"} <= set(config.secrets)
    assert written.load("[sources.grafana]").sources["grafana"].signing is None


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ('custom]\nsecret = "s3cret"', "custom.secret", "whsec_"),
        ('custom]\ntenant = "other"', "custom.tenant", "without a secret"),
        ('grafana]\ntenant = "other"', "grafana.tenant", "without a secret"),
        ('grafana]\ntimestamp_header = "X"', "grafana.timestamp_header", "secret"),
        ('grafana]\nsecret = "s"\ntimestamp_header = "a b"', "grafana.timestamp_header", "header"),
        ('grafana]\nsecret = "s"\ntenant = ""', "grafana.tenant", "empty"),
    ],
)
def test_how_a_source_signs_must_make_sense(
    written: Writer, table: str, key: str, says: str
) -> None:
    problem = written.problem(f"[sources.{table}")
    assert problem.key == f"sources.{key}"
    assert says in problem.message
    assert "s3cret" not in problem.message


def test_a_secret_is_given_once(written: Writer) -> None:
    path = written.secret("token", b"a")
    problem = written.problem(f'[auth]\ntoken = "b"\ntoken_file = "{path}"')
    assert problem.key == "auth.token"
    assert "_file" in problem.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "one line"),
        (b" \n", "one line"),
        (b"a\nb", "one line"),
        (b"\xff", "UTF-8"),
        (b"x" * 20_000, "bytes"),
    ],
)
def test_a_file_without_a_secret_is_a_problem(written: Writer, content: bytes, says: str) -> None:
    written.secret("token", content)
    problem = written.problem('[auth]\ntoken_file = "token"')
    assert problem.key == "auth.token_file"
    assert says in problem.message


def test_a_missing_secret_file_is_the_only_problem_told(written: Writer) -> None:
    problem = written.problem('[http]\nlisten = ":1"\n[auth]\ntoken_file = "nowhere"')
    assert (problem.key, problem.line) == ("auth.token_file", 4)
    assert "nowhere" in problem.message


def test_a_secret_that_every_user_can_read_is_refused(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    written = Writer(data_dir)
    path = written.secret("token", b"secret", mode=0o644)
    problem = written.problem('[auth]\ntoken_file = "token"')
    assert "chmod 600" in problem.message
    path.chmod(0o640)
    assert written.load('[auth]\ntoken_file = "token"').auth.token == "secret"


def test_a_directory_closed_to_others_protects_what_is_in_it(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    path = Writer(data_dir).secret("token", b"secret", mode=0o644)
    assert is_open_to_others(path)
    data_dir.chmod(0o700)
    assert not is_open_to_others(path)
    link = data_dir.parent / "link"
    link.symlink_to(path)
    assert not is_open_to_others(link), "what counts is where the file is"


def test_the_secrets_of_container_engines_are_taken_as_they_are() -> None:
    assert not is_open_to_others(CONTAINER_SECRETS / "gateway_token")


def test_a_problem_never_repeats_a_secret(written: Writer) -> None:
    text = f"""
        [auth]
        token = "{SECRET} {SECRET}"
        [postgres]
        url = "http://{SECRET}"
        [redis]
        url = "{SECRET}://["
        [[webhooks]]
        url = "{SECRET}"
        """
    with pytest.raises(ConfigError) as caught:
        written.load(text)
    assert SECRET not in str(caught.value)
    wrong_type = written.problem('[auth]\ntoken = ["s3cret"]')
    assert SECRET not in str(wrong_type)
