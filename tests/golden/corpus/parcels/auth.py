"""Passwords and session tokens of the staff."""

import base64
import hashlib
import hmac
import os
import time


def hash_password(password: str) -> str:
    """Hash a password with a random salt, slowly enough that guessing is expensive."""
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${digest.hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Compare a password with its stored hash in constant time."""
    salt, digest = (bytes.fromhex(part) for part in stored.split("$"))
    return hmac.compare_digest(hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1), digest)


def issue_token(user: str, key: bytes, lifetime: float = 3600.0) -> str:
    """A signed token that says who is logged in and until when."""
    payload = f"{user}|{time.time() + lifetime:.0f}".encode()
    signature = hmac.new(key, payload, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(payload + signature).decode()


def user_of_token(token: str, key: bytes) -> str | None:
    """Who a token belongs to; None when it has expired or its signature is wrong."""
    data = base64.urlsafe_b64decode(token)
    payload, signature = data[:-32], data[-32:]
    if not hmac.compare_digest(hmac.new(key, payload, hashlib.sha256).digest(), signature):
        return None
    user, _, expires = payload.decode().partition("|")
    return user if time.time() < float(expires) else None
