"""Is a request from a browser on this very machine? Only then does the demo sign its visitor in."""

from __future__ import annotations

import ipaddress
import re

from starlette.requests import Request

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.ASCII)
# A proxy on this machine also connects from the loopback: any trace of one means that the visitor is elsewhere.
_PROXIES = ("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip")


def is_local(request: Request) -> bool:
    """Loopback address, a Host that names this machine (no DNS rebinding), no trace of a proxy, no other site's page."""
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return False
    if any(name in _PROXIES or name.startswith("x-forwarded") for name in request.headers):
        return False
    if request.headers.get("sec-fetch-site", "none") == "cross-site":
        return False
    return request.client is not None and _is_loopback(request.client.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
