"""Servers that mail is released to, that are told of mail, and that links lead to.

Arguments: a certificate, its key, and the address to listen at. The first line that is printed names the ports; each line after it is
what has arrived somewhere.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])


def tell(**what):
    print(json.dumps(what), flush=True)


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"me", b"s:ec@ret")
    return AuthResult(success=right, handled=False)


class Taker:
    def __init__(self, door):
        self.door = door

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 nobody is here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        tell(
            door=self.door, encrypted=session.ssl is not None, authenticated=session.authenticated, sender=envelope.mail_from,
            to=envelope.rcpt_tos, options=envelope.mail_options, content=envelope.content.decode("latin-1"),
        )
        return "250 OK"


def smtp(door, **options):
    return lambda: SMTP(Taker(door), enable_SMTPUTF8=True, authenticator=authenticate, **options)


async def web(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    method, path, _ = head.split("\r\n")[0].split(" ")
    length = next((int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
    body = (await reader.readexactly(length)).decode()
    tell(door="https", method=method, path=path, body=body)
    status = {"/gone": "410 Gone", "/nohead": "405 No" if method == "HEAD" else "200 OK"}.get(path, "204 No Content")
    away = f"Location: {path[4:]}\r\n" if path.startswith("/to?") else ""
    writer.write(f"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 {'302 Found' if away else status}\r\n{away}\r\n".encode())
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    doors = {
        "starttls": await loop.create_server(
            smtp("starttls", tls_context=context, require_starttls=True, auth_required=True), sys.argv[3], 0),
        "smtps": await loop.create_server(
            smtp("smtps", auth_require_tls=False, auth_exclude_mechanism=["PLAIN"]), sys.argv[3], 0, ssl=context),
        "plain": await loop.create_server(smtp("plain", auth_require_tls=False), sys.argv[3], 0),
        "https": await asyncio.start_server(web, sys.argv[3], 0, ssl=context),
    }
    tell(**{name: door.sockets[0].getsockname()[1] for name, door in doors.items()})
    await asyncio.Event().wait()


asyncio.run(main())
