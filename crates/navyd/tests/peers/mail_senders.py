"""Sends mail with smtplib in every way that it knows, and reads it again with poplib.

Arguments: the ports for SMTP, SMTPS (0 without TLS) and POP3, and the file of the authority.
"""

import poplib
import smtplib
import ssl
import sys
from email.message import EmailMessage

smtp_port, smtps_port, pop3_port = map(int, sys.argv[1:4])


def trusting():
    return ssl.create_default_context(cafile=sys.argv[4])


def message(subject):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Jürgen <j@a.example>", "ann@b.example", subject
    mail.set_content("Hällo\n.\n..two dots\nend\n")
    mail.add_alternative("<p>Hällo</p>", subtype="html")
    mail.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="ü.bin")
    return mail


sent = []


def send(server, subject, **options):
    server.send_message(message(subject), **options)
    sent.append(subject)


with smtplib.SMTP("127.0.0.1", smtp_port, timeout=30) as server:
    server.ehlo()
    for extension in ("pipelining", "8bitmime", "smtputf8", "chunking", "enhancedstatuscodes", "size", "auth"):
        assert server.has_extn(extension), extension
    assert server.has_extn("starttls") == bool(smtps_port)
    send(server, "plain")
    send(server, "again on the same connection")
    send(server, "to two", to_addrs=["ann+signup@b.example", "hidden@c.example"])
    assert server.verify("ann")[0] == 252 and server.noop()[0] == 250 and server.rset()[0] == 250
    body = message("sent in chunks").as_bytes(policy=message("").policy.clone(linesep="\r\n"))
    assert server.mail("a@b.example")[0] == 250 and server.rcpt("chunks@c.example")[0] == 250
    server.send(b"BDAT 10\r\n" + body[:10] + b"BDAT %d LAST\r\n" % (len(body) - 10) + body[10:])
    assert server.getreply()[0] == 250 and server.getreply()[0] == 250
    sent.append("sent in chunks")

for mechanism in ("auth_plain", "auth_login", "auth_cram_md5"):
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=30) as server:
        server.ehlo()
        server.user, server.password = "shop", "any password"
        code, _ = server.auth(mechanism[5:].upper().replace("_", "-"), getattr(server, mechanism))
        assert code == 235, mechanism
        send(server, mechanism)

with smtplib.SMTP("127.0.0.1", smtp_port, timeout=30) as server:
    server.ehlo()
    address = "jürgen@a.example"
    server.sendmail(address, ["ü@b.example"], b"Subject: utf8\r\n\r\n\r\n", mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    sent.append("utf8")

if smtps_port:
    with smtplib.SMTP("localhost", smtp_port, timeout=30) as server:
        server.starttls(context=trusting())
        server.ehlo()
        assert not server.has_extn("starttls")
        send(server, "starttls")
    with smtplib.SMTP_SSL("localhost", smtps_port, context=trusting(), timeout=30) as server:
        send(server, "smtps")


def read(mailbox):
    mailbox.user("all")
    mailbox.pass_("x")
    count, size = mailbox.stat()
    _, listed, _ = mailbox.list()
    _, keys, _ = mailbox.uidl()
    assert count == len(sent) == len(listed) == len({key.split()[1] for key in keys}), (count, len(sent))
    assert size == sum(int(line.split()[1]) for line in listed)
    for number, subject in enumerate(sent, 1):
        _, top, _ = mailbox.top(number, 0)
        assert b"Subject: " + subject.encode() in top, (top, subject)
    _, lines, _ = mailbox.retr(1)
    assert lines == message("plain").as_bytes().splitlines() or b"..two dots" in lines or b"Subject: plain" in lines
    return mailbox


mailbox = read(poplib.POP3("127.0.0.1", pop3_port, timeout=30))
mailbox.dele(1)
mailbox.quit()
sent.pop(0)
mailbox = poplib.POP3("127.0.0.1", pop3_port, timeout=30)
assert "UIDL" in mailbox.capa()
if smtps_port:
    mailbox = poplib.POP3("localhost", pop3_port, timeout=30)
    mailbox.stls(context=trusting())
read(mailbox).quit()

inbox = poplib.POP3("127.0.0.1", pop3_port, timeout=30)
inbox.user("signup")
inbox.pass_("x")
assert inbox.stat()[0] == 1
inbox.quit()
print("passed")
