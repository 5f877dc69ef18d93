"""Asks with the clients of Mailpit and MailHog. Arguments: the port for SMTP, and the port of the APIs."""

import smtplib
import sys

import mailhog
import mailpit.client.api

smtp, http = map(int, sys.argv[1:3])
text = "From: Shop <shop@a.example>\r\nTo: ann@b.example\r\nSubject: hello\r\nDelivered-To: x\r\n" \
    "Message-Id: <1@a>\r\nDate: Tue, 01 Jul 2025 10:00:00 +0000\r\nContent-Type: text/plain\r\n\r\nbody\r\n"
with smtplib.SMTP("127.0.0.1", smtp, timeout=30) as server:
    for _ in range(3):
        server.sendmail("shop@a.example", ["ann@b.example"], text)

api = mailpit.client.api.API(f"http://127.0.0.1:{http}", timeout=30)
listed = api.get_messages(limit=2)
assert listed.total == 3 and len(listed.messages) == 2, listed
one = api.get_message(listed.messages[0].id)
assert (one.subject, one.text.strip(), one.from_.address) == ("hello", "body", "shop@a.example"), one
assert api.get_message_headers(one.id).message_id == ["<1@a>"]

hog = mailhog.Mailhog("127.0.0.1", http)
try:
    hog.search("ann", kind="to")
except (TypeError, ValueError) as error:
    # The client may not know what servers answer; what was answered is looked at as it is.
    print("note: the client cannot read MailHog's own answers:", type(error).__name__, file=sys.stderr)
hog.delete_all()
assert api.get_messages().total == 0
print("passed")
