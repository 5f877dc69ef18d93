//! Sessions as playbooks: what a client sends, and what it gets.

use std::{cell::Cell, rc::Rc};

use bytes::BytesMut;

use super::{Chaos, Letter, Login, NotKept, Rules, Session, Step, Trigger};
use crate::mail::limits;

/// What a whole session came to.
#[derive(Debug, Default)]
struct Played {
    replies: String,
    letters: Vec<Letter>,
    closed: bool,
    encrypted: bool,
}

impl Played {
    /// The codes of all replies, the last line of each.
    fn codes(&self) -> Vec<u16> {
        let last = self.replies.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
        last.map(|line| line[..3].parse().unwrap()).collect()
    }

    fn bodies(&self) -> Vec<&[u8]> {
        self.letters.iter().map(|letter| &letter.bytes[..]).collect()
    }
}

/// Plays a session in portions of that many bytes.
fn play_by(rules: &Rc<Rules>, bytes: &[u8], portion: usize, outcome: &Result<String, NotKept>) -> Played {
    let mut session = Session::new(Rc::clone(rules), None, "<1@navyd>".to_owned(), false);
    let (mut input, mut out, mut played) = (BytesMut::new(), Vec::new(), Played::default());
    session.greet(&mut out);
    for piece in bytes.chunks(portion.max(1)) {
        input.extend_from_slice(piece);
        loop {
            match session.advance(&mut input, &mut out) {
                Step::Read => break,
                Step::Keep(letter) => {
                    played.letters.push(letter);
                    session.kept(outcome, &mut out);
                }
                Step::Encrypt => {
                    input.clear();
                    session.encrypted();
                    played.encrypted = true;
                }
                Step::Close => {
                    played.closed = true;
                    break;
                }
            }
        }
        if played.closed {
            break;
        }
    }
    played.replies = String::from_utf8(out).unwrap();
    played
}

fn play(rules: Rules, text: &str) -> Played {
    play_by(&Rc::new(rules), text.as_bytes(), usize::MAX, &Ok("K".to_owned()))
}

/// A message from `a@b` to `c@d`, up to where its text begins.
const ENVELOPE: &str = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";

#[test]
fn sessions_in_any_portions() {
    let data = format!("{ENVELOPE}DATA\r\n");
    for (sent, codes, bodies) in [
        (format!("{data}hi\r\n.\r\nQUIT\r\n"), &[220, 250, 250, 250, 354, 250, 221][..], &["hi\r\n"][..]),
        (format!("{data}..\r\n.x\r\n.\r\nQUIT\r\n"), &[220, 250, 250, 250, 354, 250, 221], &[".\r\nx\r\n"]),
        (format!("{data}.\r\n"), &[220, 250, 250, 250, 354, 250], &[""]),
        // Two messages on one connection; the second has to have an envelope of its own.
        (
            format!("{data}1\r\n.\r\nDATA\r\nMAIL FROM:<>\r\nRCPT TO:<e@f>\r\nDATA\r\n2\r\n.\r\n"),
            &[220, 250, 250, 250, 354, 250, 503, 250, 250, 354, 250],
            &["1\r\n", "2\r\n"],
        ),
        // What looks like the end to a lax server is part of the message.
        (
            format!("{data}a\n.\nMAIL FROM:<evil@x>\r\n.\n\r.\r\n\r\n.\r\nNOOP\r\n"),
            &[220, 250, 250, 250, 354, 250, 250],
            &["a\n.\nMAIL FROM:<evil@x>\r\n\n\r.\r\n\r\n"],
        ),
        (
            format!("{ENVELOPE}BDAT 2\r\nhiBDAT 3 LAST\r\n\r\n!"),
            &[220, 250, 250, 250, 250, 250],
            &["hi\r\n!"],
        ),
        (format!("{ENVELOPE}BDAT 0 LAST\r\n"), &[220, 250, 250, 250, 250], &[""]),
        ("EHLO x\r\nBDAT 4\r\nQUITNOOP\r\n".to_owned(), &[220, 250, 503, 250], &[]),
        (format!("{ENVELOPE}BDAT 1\r\naDATA\r\nRSET\r\n"), &[220, 250, 250, 250, 250, 503, 250], &[]),
        ("MAIL FROM:<a@b>\r\n".to_owned(), &[220, 503], &[]),
        (
            "HELO x\r\nRCPT TO:<a@b>\r\nDATA\r\nVRFY a\r\nEXPN a\r\nHELP\r\n".to_owned(),
            &[220, 250, 503, 503, 252, 502, 214],
            &[],
        ),
        ("EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n".to_owned(), &[220, 250, 250, 554], &[]),
        (format!("{ENVELOPE}EHLO y\r\nDATA\r\n"), &[220, 250, 250, 250, 250, 503], &[]),
        ("EHLO x\r\nSTARTTLS\r\n".to_owned(), &[220, 250, 502], &[]),
        // Only CR LF ends a command.
        ("NOOP\nNOOP\r\nNO\rOP\r\n".to_owned(), &[220, 500, 250, 500], &[]),
        ("EHLO x\r\nAUTH PLAIN AGEAYg==\r\nAUTH PLAIN AGEAYg==\r\n".to_owned(), &[220, 250, 235, 503], &[]),
        ("EHLO x\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\n".to_owned(), &[220, 250, 334, 334, 235], &[]),
        ("EHLO x\r\nAUTH CRAM-MD5\r\n*\r\nNOOP\r\n".to_owned(), &[220, 250, 334, 501, 250], &[]),
    ] {
        for portion in [usize::MAX, 7, 1] {
            let played = play_by(&Rc::new(Rules::default()), sent.as_bytes(), portion, &Ok("K".to_owned()));
            assert_eq!(played.codes(), codes, "{sent:?} by {portion}\n{}", played.replies);
            let bodies: Vec<_> = bodies.iter().map(|body| body.as_bytes()).collect();
            assert_eq!(played.bodies(), bodies, "{sent:?} by {portion}");
        }
    }
}

#[test]
fn the_envelope_is_kept_as_it_was_said() {
    let played = play(
        Rules::default(),
        "EHLO x\r\nAUTH PLAIN AG1lAHB3\r\nMAIL FROM:<ä@b> SMTPUTF8\r\nRCPT TO:<c+tag@d>\r\nRCPT TO:<ü@d>\r\nDATA\r\n\r\n.\r\n",
    );
    let letter = &played.letters[0];
    assert_eq!((letter.sender.as_str(), letter.user.as_deref()), ("ä@b", Some("me")));
    assert_eq!(letter.recipients, ["c+tag@d", "ü@d"]);
}

#[test]
fn limits_are_said_and_the_session_goes_on() {
    let rules = || Rules { largest: 10, ..Rules::default() };
    let long = "x".repeat(limits::COMMAND_LINE * 3);
    let recipients = "RCPT TO:<c@d>\r\n".repeat(limits::RECIPIENTS);
    for (sent, codes) in [
        (format!("{ENVELOPE}DATA\r\n{long}\r\n.\r\nNOOP\r\n"), &[220, 250, 250, 250, 354, 552, 250][..]),
        (
            "EHLO x\r\nMAIL FROM:<a@b> SIZE=11\r\nMAIL FROM:<a@b> SIZE=10\r\n".to_owned(),
            &[220, 250, 552, 250],
        ),
        (format!("{ENVELOPE}BDAT 11 LAST\r\n12345678901NOOP\r\n"), &[220, 250, 250, 250, 552, 250]),
        (
            format!("{ENVELOPE}BDAT 6\r\n123456BDAT 5 LAST\r\n12345NOOP\r\n"),
            &[220, 250, 250, 250, 250, 552, 250],
        ),
        (format!("{long}\r\nNOOP\r\n"), &[220, 500, 250]),
    ] {
        for portion in [usize::MAX, 100, 1] {
            let played = play_by(&Rc::new(rules()), sent.as_bytes(), portion, &Ok("K".to_owned()));
            assert_eq!(played.codes(), codes, "by {portion}\n{}", played.replies);
            assert!(played.letters.is_empty());
        }
    }
    let full = play(Rules::default(), &format!("EHLO x\r\nMAIL FROM:<a@b>\r\n{recipients}RCPT TO:<e@f>\r\n"));
    assert_eq!(full.codes().last(), Some(&452));
    let idle = play(Rules::default(), &"NOOP\r\n".repeat(limits::IDLE_COMMANDS as usize + 1));
    assert!(idle.closed && idle.codes().last() == Some(&421));
    let web = play(Rules::default(), "POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n");
    assert!(web.closed && web.codes() == [220, 421]);
}

#[test]
fn room_for_what_arrives_is_shared_and_given_back() {
    let rules = Rc::new(Rules { arriving: Cell::new(8), ..Rules::default() });
    let message = format!("{ENVELOPE}DATA\r\n123456\r\n.\r\n");
    for portion in [usize::MAX, 1] {
        let played = play_by(&rules, message.as_bytes(), portion, &Ok("K".to_owned()));
        assert_eq!((played.letters.len(), rules.arriving.get()), (1, 8));
        let longer = message.replace("123456", "12345678");
        let refused = play_by(&rules, longer.as_bytes(), portion, &Ok("K".to_owned()));
        assert_eq!((refused.codes().last(), rules.arriving.get()), (Some(&452), 8));
    }
}

#[test]
fn what_is_not_kept_is_said() {
    for (outcome, code) in [(Err(NotKept::Full), 452), (Err(NotKept::Failed), 451), (Ok("K".to_owned()), 250)]
    {
        let sent = format!("{ENVELOPE}DATA\r\n\r\n.\r\n");
        let played = play_by(&Rc::new(Rules::default()), sent.as_bytes(), usize::MAX, &outcome);
        assert_eq!(played.codes().last(), Some(&code));
    }
}

#[test]
fn nothing_said_in_clear_counts_after_starttls() {
    let rules = Rules { starttls: true, ..Rules::default() };
    let played = play(rules, &format!("{ENVELOPE}STARTTLS\r\nDATA\r\ninjected\r\n.\r\n"));
    assert!(played.encrypted && played.letters.is_empty());
    assert_eq!(played.codes(), [220, 250, 250, 250, 220]);
}

#[test]
fn who_must_authenticate_does() {
    let rules = || Rules { login: Login::parse("me:pw"), ..Rules::default() };
    assert_eq!(play(rules(), ENVELOPE).codes(), [220, 250, 530, 503]);
    assert_eq!(play(rules(), "EHLO x\r\nAUTH PLAIN AG1lAHg=\r\n").codes(), [220, 250, 535]);
    let played = play(rules(), "EHLO x\r\nAUTH PLAIN AG1lAHB3\r\nMAIL FROM:<a@b>\r\n");
    assert_eq!(played.codes(), [220, 250, 235, 250]);
}

#[test]
fn chaos_fails_what_it_is_told_to() {
    let always = Trigger { code: 421, percent: 100 };
    for (chaos, codes) in [
        (Chaos { sender: always, ..Chaos::default() }, [220, 250, 235, 421, 503]),
        (Chaos { recipient: always, ..Chaos::default() }, [220, 250, 235, 250, 421]),
        (Chaos { authentication: always, ..Chaos::default() }, [220, 250, 421, 250, 250]),
        (Chaos::default(), [220, 250, 235, 250, 250]),
    ] {
        let rules = Rules { chaos: Cell::new(chaos), dice: || 0.5, ..Rules::default() };
        let sent = "EHLO x\r\nAUTH PLAIN AG1lAHB3\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n";
        assert_eq!(play(rules, sent).codes(), codes);
    }
}
