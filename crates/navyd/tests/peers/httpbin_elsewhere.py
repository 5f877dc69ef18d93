"""A plugin for pytest: the fixtures of pytest-httpbin, and the test client of httpbin, lead to a server elsewhere.

HTTPBIN_URL and HTTPBIN_SECURE_URL name it, HTTPBIN_CA the certificate that signs for it. Nothing but the loopback device
is reached: names of others are not looked up, and connections to them are refused.
"""

import http.client
import ipaddress
import os
import socket
from urllib.parse import urljoin, urlsplit

import httpbin as original
import pytest
import pytest_httpbin.certs
from pytest_httpbin.plugin import (  # noqa: F401
    class_based_httpbin,
    class_based_httpbin_secure,
    httpbin_both,
    httpbin_ca_bundle,
)
from werkzeug.test import Client
from werkzeug.wrappers import Response

CA = os.environ["HTTPBIN_CA"]
pytest_httpbin.certs.where = lambda: CA

# What a hop says to the next one: RFC 9112 has nothing of it in a message that is handed on.
OF_THE_HOP = {"connection", "transfer-encoding"}


class Elsewhere:
    """What the fixtures are used for."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.url, self.protocol, self.host, self.port = url, parts.scheme, parts.hostname, parts.port

    def __add__(self, path):
        return self.url + path

    def __str__(self):
        return self.url

    def join(self, url, allow_fragments=True):
        return urljoin(self.url, url, allow_fragments=allow_fragments)


@pytest.fixture(scope="session")
def httpbin():
    return Elsewhere(os.environ["HTTPBIN_URL"])


@pytest.fixture(scope="session")
def httpbin_secure():
    return Elsewhere(os.environ["HTTPBIN_SECURE_URL"])


def forward(environ, start_response):
    """A program of WSGI that asks elsewhere."""
    there = urlsplit(os.environ["HTTPBIN_URL"])
    connection = http.client.HTTPConnection(there.hostname, there.port, timeout=60)
    connection.putrequest(
        environ["REQUEST_METHOD"], environ["REQUEST_URI"], skip_host=True, skip_accept_encoding=True
    )
    for name, value in environ.items():
        if name.startswith("HTTP_") and name != "HTTP_":
            connection.putheader(name[5:].replace("_", "-"), value)
    body = environ["wsgi.input"].read()
    if environ.get("CONTENT_TYPE"):
        connection.putheader("Content-Type", environ["CONTENT_TYPE"])
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    fields = [(name, value) for name, value in answer.getheaders() if name.lower() not in OF_THE_HOP]
    start_response(f"{answer.status} {answer.reason}", fields)
    return [content]


original.app.test_client = lambda *_, **__: Client(forward, Response)


def pytest_collection_modifyitems(config, items):
    """Where only those tests are wanted that use a fixture of ours."""
    if os.environ.get("HTTPBIN_USERS_ALONE"):
        fixtures = {"httpbin", "httpbin_both", "httpbin_secure", "httpbin_secure_untrusted"}

        def uses(item):
            return not fixtures.isdisjoint(item.fixturenames)

        config.hook.pytest_deselected(items=[item for item in items if not uses(item)])
        items[:] = [item for item in items if uses(item)]


def is_ours(host):
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host if isinstance(host, str) else host.decode()).is_loopback
    except ValueError:
        return False


looks_up, connects = socket.getaddrinfo, socket.socket.connect


def look_up(host, *args, **kwargs):
    if not is_ours(host) and host != "0.0.0.0":
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not on this machine")
    return looks_up(host, *args, **kwargs)


def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not is_ours(address[0]):
        raise OSError(101, f"{address[0]} is not on this machine")
    return connects(self, address)


def by_name(host):
    return look_up(host, None, socket.AF_INET)[0][4][0]


socket.getaddrinfo = look_up
socket.gethostbyname = by_name
socket.socket.connect = connect
