"""A signature holds for the bytes, the secret and the time that it was made of: for no others."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from gateway.access.signatures import (
    GRAFANA_HEADER,
    MOST_SIGNATURES,
    WINDOW,
    Flaw,
    ReadSignature,
    SignatureRefused,
    Signing,
    grafana_signature,
    webhook_key,
    webhook_signature,
)
from tests.signers import sign_as_grafana, sign_as_webhook, webhook_secret

NOW = datetime(2026, 3, 4, 12, 0, 0, 300_000, tzinfo=UTC)
BODY = b'[{"labels":{"alertname":"CPU"}}]'
SECRET = webhook_secret(b"k" * 24)
OTHER = webhook_secret(b"o" * 24)
UNTIMED, TIMED = partial(grafana_signature, ""), partial(grafana_signature, "X-Time")


def flaw_of(
    read: ReadSignature, keys: tuple[bytes, ...], headers: Mapping[str, str], body: bytes = BODY
) -> Flaw | None:
    """None: the signature holds."""
    signing = Signing(read, keys, "default", ())
    try:
        signing.check(signing.read(headers, NOW), body)
    except SignatureRefused as refused:
        assert refused.detail
        return refused.flaw
    return None


def flaw_of_webhook(headers: Mapping[str, str], body: bytes = BODY) -> Flaw | None:
    return flaw_of(webhook_signature, (webhook_key(SECRET),), headers, body)


@given(body=st.binary(max_size=200), flipped=st.integers(0, 10**6))
def test_grafanas_signature_holds_for_its_body_alone(body: bytes, flipped: int) -> None:
    headers = sign_as_grafana("s", body)
    assert flaw_of(UNTIMED, (b"s",), headers, body) is None
    assert flaw_of(UNTIMED, (b"t",), headers, body) is Flaw.BAD_SIGNATURE
    assert flaw_of(UNTIMED, (b"s",), headers, body + b" ") is Flaw.BAD_SIGNATURE
    if body:
        at = flipped % len(body)
        other = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert flaw_of(UNTIMED, (b"s",), headers, other) is Flaw.BAD_SIGNATURE


def test_grafanas_digest_may_be_written_in_capitals_and_with_blanks() -> None:
    headers = {name: f" {text.upper()} " for name, text in sign_as_grafana("s", BODY).items()}
    assert flaw_of(UNTIMED, (b"s",), headers) is None


@pytest.mark.parametrize("given", ["", "00", "é" * 64, "g" * 64, "sha256=" + "0" * 64])
def test_what_is_no_digest_is_a_bad_signature(given: str) -> None:
    assert flaw_of(UNTIMED, (b"s",), {GRAFANA_HEADER: given}) is Flaw.BAD_SIGNATURE


def test_where_grafana_signs_the_time_a_signature_without_it_does_not_hold() -> None:
    assert flaw_of(TIMED, (b"s",), sign_as_grafana("s", BODY, NOW)) is None
    assert flaw_of(TIMED, (b"s",), sign_as_grafana("s", BODY)) is Flaw.UNSIGNED
    untimed = sign_as_grafana("s", BODY) | {"X-Time": str(int(NOW.timestamp()))}
    assert flaw_of(TIMED, (b"s",), untimed) is Flaw.BAD_SIGNATURE


@pytest.mark.parametrize("sign", [sign_as_grafana, sign_as_webhook])
def test_a_signature_holds_five_minutes_before_and_after_its_time_and_no_longer(sign) -> None:
    read, key, secret = (
        (TIMED, b"s", "s") if sign is sign_as_grafana else (webhook_signature, b"k" * 24, SECRET)
    )
    for away, flaw in ((WINDOW, Flaw.STALE_SIGNATURE), (WINDOW - timedelta(seconds=1), None)):
        for sign_of in (-1, 1):
            at = NOW + sign_of * (away + timedelta(seconds=(away == WINDOW)))
            assert flaw_of(read, (key,), sign(secret, BODY, at)) is flaw


@given(body=st.binary(max_size=200).filter(lambda body: not body) | st.text(max_size=99))
def test_what_the_librarys_signer_signs_holds(body: str | bytes) -> None:
    text = body if isinstance(body, str) else body.decode()
    given = Webhook(SECRET).sign("msg_2", NOW, text)
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": given,
    }
    assert flaw_of_webhook(headers, text.encode()) is None
    assert flaw_of_webhook(headers, text.encode() + b"x") is Flaw.BAD_SIGNATURE
    assert given == sign_as_webhook(SECRET, text.encode(), NOW, "msg_2")["webhook-signature"]


def test_the_library_takes_what_we_take() -> None:
    now = datetime.now(UTC)  # noqa: TID251  the library reads the clock itself
    headers = sign_as_webhook(SECRET, BODY, now)
    assert Webhook(SECRET).verify(BODY, headers) == [{"labels": {"alertname": "CPU"}}]


def test_of_several_signatures_one_must_hold() -> None:
    """While the sender exchanges its secret it signs with both."""
    mine, other = sign_as_webhook(SECRET, BODY, NOW), sign_as_webhook(OTHER, BODY, NOW)
    both = f"{other['webhook-signature']} v1a,xyz {mine['webhook-signature']}"
    assert flaw_of_webhook(mine | {"webhook-signature": both}) is None
    assert flaw_of_webhook(other) is Flaw.BAD_SIGNATURE
    late = " ".join([*["v1,AAAA"] * MOST_SIGNATURES, mine["webhook-signature"]])
    assert flaw_of_webhook(mine | {"webhook-signature": late}) is Flaw.BAD_SIGNATURE


def test_of_several_secrets_each_holds() -> None:
    keys = (webhook_key(OTHER), webhook_key(SECRET))
    for secret in (SECRET, OTHER):
        assert flaw_of(webhook_signature, keys, sign_as_webhook(secret, BODY, NOW)) is None


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_makes_it_unsigned_and_another_one_bad(name: str) -> None:
    signed = sign_as_webhook(SECRET, BODY, NOW)
    without = {key: text for key, text in signed.items() if key != name}
    assert flaw_of_webhook(without) is Flaw.UNSIGNED
    for text in ("", "x", "\udcff", "1.5", "²", "v1,", "v1,é", "v2," + "A" * 43 + "=", "9" * 400):
        flaw = flaw_of_webhook(signed | {name: text})
        assert flaw is Flaw.BAD_SIGNATURE, text


def test_no_part_of_what_is_signed_can_pass_for_another() -> None:
    """With full stops in ids, a body that begins with a number could be signed as a time."""
    body = f"{int(NOW.timestamp())}.[]".encode()
    signed = sign_as_webhook(SECRET, body, NOW - timedelta(days=1), "a")
    moved = {"webhook-id": f"a.{signed['webhook-timestamp']}"}
    moved |= {"webhook-timestamp": str(int(NOW.timestamp()))}
    assert flaw_of_webhook(signed | moved, b"[]") is Flaw.BAD_SIGNATURE


@pytest.mark.parametrize("secret", ["", "s3cret", "whsec_", "whsec_AAAA", "whsec_é", SECRET[6:]])
def test_a_secret_that_is_none_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_") as refused:
        webhook_key(secret)
    assert not secret.removeprefix("whsec_") or secret not in str(refused.value)
