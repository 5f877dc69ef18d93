//! Conversations with servers that say what a test wants.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex},
    runtime::Builder,
};

use super::{super::server::Relay, *};

/// Lets a client say its lines to a server that has these replies, one for each line, and what the client said.
fn play<T>(replies: &[&str], talk: impl AsyncFnOnce(&mut Client<DuplexStream>) -> T) -> (T, Vec<String>) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (ours, theirs) = duplex(64 * 1024);
        let server = async {
            let mut theirs = BufReader::new(theirs);
            let mut said = Vec::new();
            for reply in replies {
                let mut line = String::new();
                if theirs.read_line(&mut line).await.unwrap() == 0 {
                    break;
                }
                said.push(line.trim_end().to_owned());
                // A reply that is empty never comes; one that is too long is not read to its end.
                let _ = theirs.write_all(reply.as_bytes()).await;
            }
            (theirs, said)
        };
        let mut client = Client::new(ours);
        let (outcome, (_theirs, said)) = tokio::join!(
            async {
                let outcome = talk(&mut client).await;
                drop(client);
                outcome
            },
            server
        );
        (outcome, said)
    })
}

fn account() -> Account {
    Relay::parse("smtps://me:secret@mail.example").unwrap().account.unwrap()
}

#[test]
fn it_says_its_address_and_hears_what_is_offered() {
    let hello = async |client: &mut Client<_>| client.hello("::1".parse().unwrap()).await;
    let (offered, said) = play(&["250-hello\r\n250-SIZE 7\r\n250 STARTTLS\r\n"], hello);
    assert_eq!(offered.unwrap(), Offered { starttls: true, size: Some(Some(7)), ..Offered::default() });
    assert_eq!(said, ["EHLO [IPv6:::1]"]);
    let (offered, said) = play(&["502 what?\r\n", "250 old\r\n"], hello);
    assert_eq!((offered.unwrap(), said.len()), (Offered::default(), 2));
}

#[test]
fn the_password_is_said_as_the_server_wants_it() {
    for (mechanisms, secure, replies, expected) in [
        ("AUTH PLAIN CRAM-MD5", true, &["235 ok\r\n"][..], &["AUTH PLAIN AG1lAHNlY3JldA=="][..]),
        (
            "AUTH LOGIN",
            true,
            &["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"][..],
            &["AUTH LOGIN", "bWU=", "c2VjcmV0"][..],
        ),
        (
            "AUTH PLAIN CRAM-MD5",
            false,
            &["334 PDFAYT4=\r\n", "235 ok\r\n"][..],
            // HMAC-MD5 of `<1@a>` under `secret`.
            &["AUTH CRAM-MD5", "bWUgMmFiNGE2NjVmMTI5ZWE5MWIwY2ZhY2U4MGMxNDQ3OWI="][..],
        ),
    ] {
        let offered = Offered::read([mechanisms]);
        let talk = async |client: &mut Client<_>| client.authenticate(&account(), &offered, secure).await;
        let (outcome, said) = play(replies, talk);
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(said, expected);
    }
}

#[test]
fn what_goes_wrong_is_told() {
    let offered = Offered::read(["SIZE 20", "AUTH PLAIN LOGIN"]);
    let send = async |client: &mut Client<_>, to: &[&str], message: &str| {
        let to: Vec<_> = to.iter().map(|to| (*to).to_owned()).collect();
        client.hand_over("me@a", &to, message.as_bytes(), &offered).await
    };
    let cases: [(&[&str], &[&str], &str, &str); 9] = [
        (&["550 5.7.1 not\u{7} you\r\n"], &["a@b"], "x", "refused: 550 5.7.1 not  you"),
        (
            &["250 a\r\n", "550 no\r\n", "250 b\r\n", "452-so\r\n452 many\r\n"],
            &["a@b", "c@d", "e@f"],
            "x",
            "refused `a@b`: 550 no; `e@f`: 452 so many; the message went to nobody",
        ),
        (&["250 a\r\n", "250 b\r\n", "354 go\r\n", "554 spam\r\n"], &["a@b"], "", "refused: 554 spam"),
        (&[], &["a@b"], "longer than twenty bytes", "takes messages of 20 bytes at most"),
        (&[], &["\u{fc}@b"], "x", "does not offer SMTPUTF8, which `\u{fc}@b` needs"),
        (&[""], &["a@b"], "x", "does not answer in time"),
        (&["HTTP/1.1 400 Bad Request\r\n"], &["a@b"], "x", "does not speak SMTP"),
        (&["250-a\r\n"], &["a@b"], "x", "does not answer in time"),
        (&["25\u{e4}\r\n"], &["a@b"], "x", "does not speak SMTP"),
    ];
    for (replies, to, message, expected) in cases {
        let (outcome, _) = play(replies, async |client: &mut Client<_>| send(client, to, message).await);
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    }
    let talk = async |client: &mut Client<_>| client.authenticate(&account(), &offered, true).await;
    let (outcome, _) = play(&["535 5.7.8 wrong\r\n"], talk);
    assert_eq!(outcome.unwrap_err().to_string(), "refused the user or the password: 535 5.7.8 wrong");
    let nothing = Offered::read(["AUTH GSSAPI"]);
    let talk = async |client: &mut Client<_>| client.authenticate(&account(), &nothing, true).await;
    assert!(matches!(play(&[], talk).0, Err(Wrong::NoWay)));
}

#[test]
fn a_reply_ends_somewhere() {
    let endless = "250-x\r\n".repeat(20_000);
    let (outcome, _) = play(&[&endless], async |client: &mut Client<_>| client.say("NOOP", '2').await);
    assert!(matches!(outcome, Err(Wrong::NoSmtp)), "{outcome:?}");
}
