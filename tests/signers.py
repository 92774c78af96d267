"""Signs as senders do, with no line of the code that checks it."""

import base64
import hashlib
import hmac
from datetime import datetime

from gateway.access.signatures import GRAFANA_HEADER


def webhook_secret(text: bytes) -> str:
    return "whsec_" + base64.b64encode(text).decode()


def sign_as_grafana(
    secret: str, body: bytes, now: datetime | None = None, header: str = "X-Time"
) -> dict[str, str]:
    """*now* None: the time is not signed."""
    seconds = "" if now is None else str(int(now.timestamp()))
    told = body if now is None else seconds.encode() + b":" + body
    digest = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return {GRAFANA_HEADER: digest} | ({} if now is None else {header: seconds})


def sign_as_webhook(
    secret: str, body: bytes, now: datetime, message: str = "msg_1"
) -> dict[str, str]:
    seconds = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = b".".join([message.encode(), seconds.encode(), body])
    digest = base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{digest}",
    }
