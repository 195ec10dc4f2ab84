"""Where a model lives, which key opens it, and whether it answers: asked before any work."""

from __future__ import annotations

import http.client
import ipaddress
import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from harness.faults import UserMistake


def host_of(base_url: str) -> str:
    """Return the host of an endpoint; raises UserMistake where `base_url` is no http URL."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise UserMistake(f"base_url {base_url!r} is no URL: write http(s)://HOST[:PORT]/v1")
    return host


def is_local(base_url: str) -> bool:
    """Say whether the endpoint is on this machine or in a private network, where no key is due."""
    host = host_of(base_url)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal", ".localdomain"))
    return address.is_private or address.is_loopback


def without_login(base_url: str) -> str:
    """Drop user:password@ and the query, which may hold secrets, from a URL to be recorded."""
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def find_key(api_key_env: str | None) -> str | None:
    """Read the API key from the environment; None where none is set."""
    key = os.environ.get(api_key_env, "").strip() if api_key_env else ""
    if key and not (key.isascii() and key.isprintable()):
        raise UserMistake(f"the key in {api_key_env} holds characters no HTTP header can carry")
    return key or None


def lacks_key(api_key_env: str | None, base_url: str) -> str | None:
    """Say in one line which key is missing, or None where none is needed or it is there."""
    if api_key_env is None or is_local(base_url) or find_key(api_key_env):
        return None
    return f"no API key for {host_of(base_url)}: set the environment variable {api_key_env}"


def find_proxy(base_url: str) -> str | None:
    """Return the proxy that the environment names for this endpoint (http_proxy, no_proxy …)."""
    host = host_of(base_url)
    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(urlsplit(base_url).scheme)


def require_answer(base_url: str, key: str | None, timeout_s: float = 10.0) -> None:
    """Ask the endpoint for its models once; any HTTP answer but 401 and 403 will do.

    Raises UserMistake in one line where nobody answers or the key is refused.
    """
    url = base_url.rstrip("/") + "/models"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):
            return
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise UserMistake(
                f"{host_of(base_url)} refused the API key (status {error.code})"
            ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UserMistake(
            f"no answer from {without_login(base_url)} ({reason}): start the server or correct "
            "base_url"
        ) from None
