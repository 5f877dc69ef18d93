//! What was asked, as routes look at it.

use std::borrow::Cow;

use bytes::Bytes;

use super::{
    cookie,
    json::Json,
    text::{latin, pairs, percent_decoded, quoted, readable},
};
use crate::http::Head;

/// Fields that proxies add, in the form in which fields are shown: hidden, unless `show_env` is asked for.
const OF_PROXIES: &[&str] = &[
    "Connect-Time",
    "Total-Route-Time",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Ssl",
    "X-Heroku-Dynos-In-Use",
    "X-Heroku-Queue-Depth",
    "X-Heroku-Queue-Wait-Time",
    "X-Real-Ip",
    "X-Request-Id",
    "X-Request-Start",
    "X-Varnish",
];

/// What may stand in a path and in a query without being quoted.
pub(super) const SAFE_IN_PATH: &str = "!$&'()*+,/:;=@%";
const SAFE_IN_QUERY: &str = "!$&'()*+,/:;=?@%";

/// A request with its body.
pub(super) struct Question<'a> {
    /// The head.
    pub(super) head: &'a Head,
    /// The path, decoded.
    pub(super) path: String,
    /// The query: names and values, decoded, in order.
    pub(super) args: Vec<(String, String)>,
    /// The body.
    pub(super) body: Bytes,
}

impl<'a> Question<'a> {
    pub(super) fn new(head: &'a Head, body: Bytes) -> Self {
        let path = String::from_utf8_lossy(&percent_decoded(head.path().as_bytes(), false)).into_owned();
        Self { head, path, args: pairs(head.query().as_bytes()), body }
    }

    /// The method.
    pub(super) fn method(&self) -> &'a str {
        self.head.method()
    }

    /// The first value of that name in the query, in whatever case.
    pub(super) fn arg(&self, name: &str) -> Option<&str> {
        let found = self.args.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a field of the head, several joined; `None` where it is missing.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let values = self.head.fields().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values.map(|(_, value)| latin(value)).reduce(|all, value| all + "," + &value)
    }

    /// All fields of the head, in the order in which they came, their names in one form.
    pub(super) fn fields(&self) -> Json<'a> {
        let shows = self.args.iter().any(|(name, _)| name == "show_env");
        let mut fields: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        for (name, value) in self.head.fields() {
            let (name, value) = (titled(name), latin(value));
            let bare = value.is_empty() && ["Content-Type", "Content-Length"].contains(&name.as_str());
            if bare || (!shows && OF_PROXIES.contains(&name.as_str())) {
                continue;
            }
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, Json::Text(text))) => {
                    let text = text.to_mut();
                    text.push(',');
                    text.push_str(&value);
                }
                _ => fields.push((name.into(), value.into())),
            }
        }
        Json::Map(fields)
    }

    /// The query as it is shown.
    pub(super) fn shown_args(&self) -> Json<'_> {
        Json::multi(&self.args)
    }

    /// Who asks: whom a proxy names, or who has connected.
    pub(super) fn origin(&self) -> Json<'a> {
        self.field("x-forwarded-for").unwrap_or_else(|| self.head.peer.ip().to_canonical().to_string()).into()
    }

    /// The scheme and the authority by which it was asked.
    pub(super) fn base(&self) -> String {
        let scheme = if self.is_secure() { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// Whether it came encrypted, to here or to the proxy that says so.
    pub(super) fn is_secure(&self) -> bool {
        let says = |name: &str, value: &str| self.field(name).is_some_and(|said| said == value);
        self.head.secure
            || says("x-forwarded-proto", "https")
            || says("x-forwarded-protocol", "ssl")
            || says("x-forwarded-ssl", "on")
    }

    /// The address by which it was asked, with the scheme that a proxy names.
    pub(super) fn url(&self) -> Json<'a> {
        let named = self.field("x-forwarded-proto").or_else(|| self.field("x-forwarded-protocol"));
        let scheme = match named.filter(|named| !named.is_empty()) {
            Some(named) => named,
            None if self.is_secure() => "https".to_owned(),
            None => "http".to_owned(),
        };
        let path = readable(&quoted(self.path.trim_start_matches('/'), SAFE_IN_PATH), "/?#");
        let mut url = format!("{scheme}://{}/{path}", self.host());
        if !self.head.query().is_empty() {
            url.push('?');
            url.push_str(&readable(&quoted(self.head.query(), SAFE_IN_QUERY), "&=+#"));
        }
        url.into()
    }

    /// The cookies: names and values, in order.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        let lines = self.head.fields().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        lines.flat_map(|(_, line)| cookie::read(line)).collect()
    }

    /// The host as it was asked for, without the port that goes without saying.
    fn host(&self) -> String {
        let Some(host) = self.field("host").filter(|host| !host.is_empty()) else {
            return self.head.local.to_string();
        };
        let usual = if self.is_secure() { ":443" } else { ":80" };
        host.strip_suffix(usual).map_or(host.clone(), str::to_owned)
    }
}

/// The name of a field with a capital behind everything that is no letter.
fn titled(name: &str) -> String {
    let mut starts = true;
    let letters = name.chars().map(|letter| {
        let shown = if starts { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        starts = !letter.is_ascii_alphabetic();
        shown
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::titled;

    #[test]
    fn names_of_fields_have_one_form() {
        for (name, expected) in [("user-agent", "User-Agent"), ("ETAG", "Etag"), ("x-3d_foo", "X-3D_Foo")] {
            assert_eq!(titled(name), expected);
        }
    }
}
