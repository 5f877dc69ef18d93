"""Asks httpbin and another server the same, and says where their answers differ.

    httpbin_twin.py PORT

httpbin runs in gunicorn, as its makers advise, at a port of its own; PORT is that of the other, on 127.0.0.1. A line says
what was asked, those below it what differs, `theirs / ours`; the last line counts. What differs on purpose stands in
`AGREED` with its reason, and is said only when it no longer differs.
"""

import gzip
import hashlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import zlib

import brotlicffi
from openapi_spec_validator import validate

# Ours say the same in other words and pictures: only status and type are compared.
OWN = re.compile(r"/(|legacy|spec\.json|html|xml|deny|encoding/utf8|forms/post|image.*|status/(402|418)|base64/.*)$")
AGREED = {
    "GET /digest-auth/x/a%20b/p": "theirs hashes the path that was decoded, which no client sends",
    "GET /status/100": "no answer can end with a status below 200",
    "GET /status/101": "no answer can end with a status below 200",
    "GET /status/199": "no answer can end with a status below 200",
    "GET /status/306": "another phrase for what is not used any more",
    "GET /status/2_00": "a number as only Python writes it",
    "GET /status/407": "gunicorn takes Proxy-Authenticate away",
    "GET /redirect/99999999999999999999": "nobody follows so often",
    "GET /redirect-to": "theirs leads to `None`",
    "GET /headers X_Under: 1": "gunicorn takes fields with underscores away",
    "GET /cookies Cookie: a=1 Cookie: b=2": "theirs reads two fields as one cookie, `1,b=2`",
    "GET /cookies/set?a%3Bb=1": "theirs writes a name that ends itself",
    "GET /bytes/10?seed=1_0": "a number as only Python writes it",
    "GET /bytes/10?seed=99999999999999999999999999999999999999999999999999": "a seed has 38 digits at most",
    "GET /drip?duration=-1&numbytes=1": "theirs fails behind its head",
    "GET /drip?duration=nan&numbytes=1": "theirs fails behind its head",
    "GET /drip?code=304&duration=0": "ours says how long it would be (RFC 9110 section 8.6)",
    "GET /response-headers?a=1&A=2&b=%C3%A9": "fields are sent in UTF-8 here, theirs in Latin-1",
    "GET /etag/%C3%A9": "fields are sent in UTF-8 here, theirs in Latin-1",
    "GET /response-headers?Content-Length=3": "theirs sends two lengths, and an answer that is cut",
}

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = "Content-Type: multipart/form-data; boundary=B\r\n"
JSON = "Content-Type: application/json\r\n"


def part(head, content):
    return b"--B\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + content + b"\r\n"


FILES = b"".join(
    [
        part(b'name="a"', b"1"),
        part(b'name="a"', b"2"),
        part(b'name="f"; filename="x.txt"', b"text\r\nmore"),
        part(b'name="f"; filename="y.txt"', b"second"),
        part(b'name="g"; filename="z"\r\nContent-Type: image/png', b"\x89\xff"),
        part(b'name=h; filename=""', b""),
        part('name="ü"'.encode(), "é".encode()),
        part(b'name="l"', b"\xe9"),
        b"--B--\r\n",
    ]
)
BODIES = [
    ("", b""),
    ("", b"plain text"),
    ("", b"\xff\xfe"),
    ("Content-Type: text/plain\r\n", "é".encode()),
    (JSON, b'{"b": [1, 2.50, 1e5, -0, -0.0, 1E400, 123456789012345678901234567890], "a": null, "b2": true}'),
    (JSON, b'{"a": 1, "a": 2, "\\u00e9": "\\ud83d\\ude00", "x\\ny": "\\u0000\x7f/"}'),
    (JSON, b'["\\ud800"]'),
    (JSON, b"[NaN, Infinity, -Infinity]"),
    (JSON, b"\xef\xbb\xbf{}"),
    (JSON, b"{'a': 1}"),
    (JSON, b'{"a": 1,}'),
    (JSON, b"01"),
    (JSON, b'"\t"'),
    (JSON, b" \n[]\n "),
    (JSON, b"\x0c[]"),
    (JSON, b"[" * 50 + b"]" * 50),
    (JSON, b"[1.0, 1.10, 100000000000000000000000.0, 1e22, 1e21, 1e16, 123456789.123456789, 5e-324, 0.00001, 1e-7]"),
    (JSON, b"-"),
    (JSON, b"1e"),
    (JSON, b"1.e5"),
    (JSON, b".5"),
    (JSON, b"nullx"),
    (JSON, b"true false"),
    (JSON, b""),
    (FORM, b"a=1&b=2&a=3&c&=d&e=%C3%A9&f=a+b%20c&&g=%ff&h=%zz"),
    (FORM, "é=ü".encode()),
    (FORM, b"\xff=1"),
    (FORM, b"a;b=c"),
    ("Content-Type: Application/X-WWW-Form-Urlencoded; charset=latin-1\r\n", b"a=%E9"),
    (PARTS, FILES),
    (PARTS, b""),
    (PARTS, b"nothing of it"),
    (PARTS, part(b'name="a"', b"1")),
    ('Content-Type: multipart/form-data; boundary="B"\r\n', FILES),
    ("Content-Type: multipart/form-data\r\n", FILES),
    (PARTS, part(b"filename=x", b"no name") + b"--B--"),
    (PARTS, part(b"name=a; filename*=UTF-8''x%20y", b"1") + b"--B--"),
    (PARTS, part(b'name="a\\"b"', b"1") + part(b'name="a%22b"', b"2") + part(b'name=""', b"3") + b"--B--"),
    (PARTS, b"--B\r\ncontent-disposition:form-data;name=a\r\n\r\n1\r\n--B--"),
    (PARTS, b"--B\nContent-Disposition: form-data; name=a\n\n1\n--B--\n"),
]


METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE PURGE".split()
BY_EACH = """/get /post /put /patch /delete /anything /anything/a/b /status/204 /status/200 /delay/0 /redirect-to?url=/x
    /response-headers?a=b /nothing /redirect/1 /drip?duration=0 /legacy /spec.json /stream/2 /range/26 /bytes/3?seed=1""".split()
ONCE = """/ /ip /headers /user-agent /uuid /html /xml /json /robots.txt /deny /encoding/utf8 /forms/post /image /image/png
    /image/jpeg /image/webp /image/svg /gzip /deflate /brotli /cookies /bearer /cache""".split()


def requests():
    """Method, path, fields and body of each."""
    yield from ((method, path, "", b"") for method in METHODS for path in BY_EACH)
    yield from ((method, path, "", b"") for method in ("HEAD", "OPTIONS", "POST") for path in ONCE)
    paths, alone = [], False
    for line in [*pathlib.Path(__file__).with_suffix(".txt").read_text().splitlines(), ""]:
        if line.startswith(" "):
            fields = line.strip().replace(" | ", "\r\n") + "\r\n"
            yield from (("GET", path, fields, b"") for path in paths)
            alone = False
            continue
        if alone:
            yield from (("GET", path, "", b"") for path in paths)
        paths, alone = line.split() if not line.startswith("#") else [], True
    for origin in ("Origin: http://o.test\r\n", "Access-Control-Request-Headers: X-A, x-b\r\n"):
        yield from (("OPTIONS", path, origin, b"") for path in ("/get", "/post", "/status/500", "/nothing"))
    for fields, body in BODIES:
        yield "POST", "/post", fields, body
        yield "PUT", "/anything", fields, body
    yield "DELETE", "/delete", JSON, b'{"a": 1}'
    yield "POST", "/delay/0", JSON, b'{"a": 1}'
    yield "GET", "/anything", JSON, b'{"a": 1}'
    yield "POST", "/status/404", FORM, b"a=1"
    yield "POST", "/response-headers?a=1&a=2", FORM, b"b=1"
    yield "POST", "/post?x=1", FORM + "Content-Encoding: gzip\r\n", b"a=1"
    yield "POST", "/post", "Transfer-Encoding: chunked\r\n" + FORM, b"3\r\na=1\r\n0\r\n\r\n"
    yield "POST", "/post", "Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"
    for algorithm, made in (("MD5", hashlib.md5), ("SHA-256", hashlib.sha256), ("SHA-512", hashlib.sha512)):
        for qop in ("auth", "auth-int", None):
            path = f"/digest-auth/{qop or 'x'}/user/p/{algorithm}"
            for right in (True, False):
                fields = digest(path, "user", "p" if right else "q", qop, made)
                yield "GET", path, fields + "\r\n", b""
                yield "GET", path, f"{fields}, algorithm={algorithm}\r\n", b""
                yield "GET", path, f"{fields}, algorithm={algorithm}\r\nCookie: stale_after=2; fake=x\r\n", b""
    yield "GET", SPACED, digest(SPACED, "a b", "p", None, hashlib.md5) + "\r\n", b""


SPACED = "/digest-auth/x/a%20b/p"


def digest(path, user, password, qop, made):
    """What answers a challenge that was never made: httpbin keeps none."""

    def hashed(*parts):
        return made(":".join(parts).encode()).hexdigest()

    asked = hashed("GET", path, *([hashed("")] if qop == "auth-int" else []))
    behind = ["00000001", "c", qop] if qop else []
    response = hashed(hashed(user, "r", password), "n", *behind, asked)
    more = f', qop={qop}, nc=00000001, cnonce="c"' if qop else ""
    return f'Authorization: Digest username="{user}", realm="r", nonce="n", uri="{path}", response="{response}"{more}'


def ask(port, method, path, fields, body):
    """Status, fields and body of an answer."""
    length = (
        f"Content-Length: {len(body)}\r\n"
        if body and "chunked" not in fields and "Content-Length" not in fields
        else ""
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as stream:
        head = f"{method} {path} HTTP/1.1\r\nHost: echo.test:8080\r\n{fields}Connection: close\r\n{length}\r\n"
        stream.sendall(head.encode() + body)
        heard = b""
        while piece := stream.recv(65536):
            heard += piece
    head, _, rest = heard.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    told = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    told = [(name.lower(), value) for name, value in told]
    if ("transfer-encoding", "chunked") in told:
        whole = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            size = int(size, 16)
            whole, rest = whole + rest[:size], rest[size + 2 :]
            if size == 0:
                break
        rest = whole
    return line.split(" ", 1)[1] if " " in line else line, told, rest


CODINGS = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotlicffi.decompress}


def comparable(answer):
    line, told, body = answer
    coding = next((value for name, value in told if name == "content-encoding"), None)
    if coding in CODINGS and body:
        body = CODINGS[coding](body)
        told = [field for field in told if field[0] != "content-length"]
    told = sorted((n, mask(n, v)) for n, v in told if n not in ("date", "server", "connection"))
    body = re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}", b"UUID", body)
    return line, told, body


def mask(name, value):
    if name == "www-authenticate":
        return re.sub(r'(nonce|opaque)="([0-9a-f]+)"', lambda m: f"{m[1]}:{len(m[2])}", value)
    if name == "last-modified" or name == "etag" and re.fullmatch("[0-9a-f]{32}", value):
        return "MASKED"
    if name == "allow":
        return sorted(re.split(", *", value))
    return value


def differences(asked, theirs, ours):
    (line, told, body), (our_line, our_told, our_body) = theirs, ours
    status, our_status = line.split(" ")[0], our_line.split(" ")[0]
    if status[0] == "5" and not asked[1].startswith("/status/5") and our_status[0] != "5":
        return  # It fails; here it is said what was wrong, or it is answered.
    if status != our_status or status != "416" and line != our_line:
        yield f"status: {line} / {our_line}"
        return
    # Pages that are said in other words: own ones, those of errors, and those for whom a redirect is not followed.
    head = asked[0] == "HEAD" and status[0] in "34"
    page = OWN.match(asked[1].split("?")[0]) or head or body.lstrip()[:9].lower() == b"<!doctype"
    apart = {"content-length", "x-more-info"} | ({"content-type"} if status[0] == "4" else set()) if page else set()
    for name in sorted({name for name, _ in told + our_told} - apart):
        a, b = ([value for known, value in side if known == name] for side in (told, our_told))
        if a != b:
            yield f"{name}: {a} / {b}"
    if body != our_body and not page:
        yield f"body: {body[:700]!r} / {our_body[:700]!r}"


def main():
    ours = int(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    theirs = listener.getsockname()[1]
    command = ["-m", "gunicorn", "-b", f"fd://{listener.fileno()}", "--log-level", "critical", "--threads", "4"]
    gunicorn = subprocess.Popen(
        [sys.executable, *command, "httpbin:app"], pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
    )
    count, agreed = 0, set()
    try:
        for request in requests():
            count += 1
            found = list(differences(request, *(comparable(ask(port, *request)) for port in (theirs, ours))))
            asked = " ".join([*request[:2], *request[2].split("\r\n")]).strip()
            if request[1] == SPACED:
                asked = "GET " + SPACED
            if found and asked in AGREED:
                agreed.add(asked)
            elif found:
                print(asked, request[3][:80], *found, sep="\n    ")
        for asked in AGREED.keys() - agreed:
            print(f"{asked}\n    does not differ: {AGREED[asked]}")
        validate(json.loads(ask(ours, "GET", "/spec.json", "", b"")[2]))
    finally:
        gunicorn.terminate()
        gunicorn.wait()
    print(f"{count} were asked")


main()
