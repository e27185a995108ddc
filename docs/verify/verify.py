import base64
import hashlib
import hmac
import re
import time


def verify(secret, headers, body, now=None):
    """Raises ValueError unless a webhook is genuine, and not more than five minutes old.

    secret: whsec_…, as it was shown with the endpoint
    headers: of the request, by names in small letters; http.server's and Flask's do
    body: the bytes that came, before anything has parsed them
    """
    now = int(time.time()) if now is None else now
    webhook_id = headers.get("webhook-id")
    timestamp = headers.get("webhook-timestamp")
    signatures = headers.get("webhook-signature")
    if not webhook_id or not timestamp or not signatures:
        raise ValueError("header missing")
    if not re.fullmatch("[0-9]{1,15}", timestamp):
        raise ValueError("timestamp malformed")
    if int(timestamp) < now - 300:
        raise ValueError("timestamp too old")
    if int(timestamp) > now + 300:
        raise ValueError("timestamp too new")

    key = base64.b64decode(secret.replace("whsec_", ""))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    if not any(hmac.compare_digest(given.encode(), expected) for given in signatures.split(" ")):
        raise ValueError("no signature fits")
