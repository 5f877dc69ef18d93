//! Which names stand for secrets.
//!
//! Biased towards hiding: a name that only might hold a secret is taken for one, since what is hidden can be shown by
//! asking again with `reveal`, and what is on a disk cannot be called back. Plurals are left alone on purpose:
//! `max_tokens` is a number that people look for.

/// Words that make a name secret wherever they stand in it.
const WORDS: [&str; 22] = [
    "accesskey",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "privatekey",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sig",
    "signature",
    "token",
];

/// Pairs of neighbouring words that do.
const PAIRS: [(&str, &str); 9] = [
    ("access", "key"),
    ("api", "key"),
    ("encryption", "key"),
    ("functions", "key"),
    ("master", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("signing", "key"),
    ("subscription", "key"),
];

/// What a name written without any borders between its words ends with.
const ENDS: [&str; 9] =
    ["accesskey", "apikey", "passphrase", "passwd", "password", "privatekey", "secret", "secretkey", "token"];

/// Longer names than this are no names that a person gave: the rest is not looked at.
const NAME_BYTES: usize = 128;

/// Whether a name stands for a secret: of a header, a member, a parameter. It is split into words at everything that is
/// neither letter nor digit, and where a capital follows a small letter.
pub(crate) fn is_secret(name: &[u8]) -> bool {
    let mut text = [0; NAME_BYTES];
    let name = &name[..name.len().min(NAME_BYTES)];
    let lower = &mut text[..name.len()];
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let lower: &[u8] = lower;
    let (mut start, mut before): (usize, &[u8]) = (0, &[]);
    for at in 0..=name.len() {
        let camel =
            at > 0 && at < name.len() && name[at].is_ascii_uppercase() && name[at - 1].is_ascii_lowercase();
        let border = at == name.len() || !name[at].is_ascii_alphanumeric();
        if !camel && !border {
            continue;
        }
        let word = &lower[start..at];
        if !word.is_empty() {
            if is_secret_word(word)
                || PAIRS.iter().any(|(a, b)| before == a.as_bytes() && word == b.as_bytes())
            {
                return true;
            }
            before = word;
        }
        start = if camel { at } else { at + 1 };
    }
    false
}

fn is_secret_word(word: &[u8]) -> bool {
    // The shortest is three letters long, and most names of members are none of these: the length decides quickly.
    word.len() > 2
        && (WORDS.iter().any(|known| known.as_bytes() == word)
            || ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_however_they_are_written() {
        for (name, expected) in [
            ("password", true),
            ("PASSWORD", true),
            ("userPassword", true),
            ("user_password", true),
            ("user-password", true),
            ("newpassword", true),
            ("user[password]", true),
            ("csrfmiddlewaretoken", true),
            ("api_key", true),
            ("apiKey", true),
            ("X-Api-Key", true),
            ("apikey", true),
            ("OPENAI_API_KEY", true),
            ("accessKey", true),
            ("aws_secret_access_key", true),
            ("client_secret", true),
            ("private-key", true),
            ("X-Auth-Token", true),
            ("X-Amz-Security-Token", true),
            ("X-Amz-Signature", true),
            ("Proxy-Authorization", true),
            ("session", true),
            ("PHPSESSID", false),
            ("otp", true),
            ("pin", true),
            ("pinned", false),
            ("max_tokens", false),
            ("promptTokens", false),
            ("passenger", false),
            ("compass", false),
            ("key", false),
            ("Sec-WebSocket-Key", false),
            ("monkey", false),
            ("author", false),
            ("", false),
            ("__", false),
        ] {
            assert_eq!(is_secret(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_very_long_name_is_looked_at_only_so_far() {
        assert!(!is_secret(&[b'a'; 10_000]));
        assert!(is_secret(&[b"token_".as_slice(), &[b'a'; 10_000]].concat()));
    }
}
