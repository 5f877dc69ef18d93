//! Recorded exchanges, as filters see them.

use super::{Field, Pattern, Subject};
use crate::exchange::{Body, Exchange, Message, Outcome, Party, Summary};

/// Without headers and bodies, which a line does not have.
impl Subject for Summary {
    fn number(&self, field: Field) -> Option<f64> {
        // The number of any file here is far below 2^53, up to which a float is exact.
        let number = match field {
            Field::Id => self.id as f64,
            Field::Status => self.status.map_or(f64::NAN, f64::from),
            Field::Took => self.took_ms?,
            Field::Wait => self.wait_ms.unwrap_or(f64::NAN),
            Field::Size => (self.sent + self.received) as f64,
            Field::Sent => self.sent as f64,
            Field::Received => self.received as f64,
            Field::Lost => self.lost as f64,
            Field::CausedBy => self.caused_by.map_or(f64::NAN, |id| id as f64),
            Field::Since | Field::Until => self.started.as_millisecond() as f64,
            _ => f64::NAN,
        };
        Some(number)
    }

    fn text(&self, field: Field, sub: Option<&str>, pattern: &Pattern) -> Option<bool> {
        let url = Url::of(&self.target);
        let is = match field {
            Field::Protocol => pattern.matches(self.protocol.as_str()),
            Field::Method => pattern.matches(&self.method),
            Field::Host => url.is_some_and(|url| is_host(url.host, pattern)),
            Field::Path => url.is_some_and(|url| pattern.matches(url.path)),
            Field::Query => url.is_some_and(|url| url.query.is_some_and(|query| pattern.matches(query))),
            Field::Target => pattern.matches(&self.target),
            Field::Route => is_host(&self.route, pattern),
            Field::From => is_party(&self.client, sub, pattern),
            Field::To => is_party(&self.server, sub, pattern),
            Field::Outcome => pattern.matches(self.outcome.as_str()),
            Field::Error => self.error.as_deref().is_some_and(|error| pattern.matches(error)),
            Field::Fault => self.faults.iter().any(|fault| pattern.matches(fault)),
            Field::Header | Field::Body | Field::RequestBody | Field::ResponseBody => return None,
            _ => false,
        };
        Some(is)
    }
}

impl Subject for Exchange {
    fn number(&self, field: Field) -> Option<f64> {
        self.summary.number(field)
    }

    fn text(&self, field: Field, sub: Option<&str>, pattern: &Pattern) -> Option<bool> {
        let (request, response) = (&self.request, self.response.as_ref());
        let both = || [Some(request), response].into_iter().flatten();
        let is = match field {
            Field::Header => both().any(|message| has_header(message, sub, pattern)),
            Field::Body => {
                both().any(|message| is_body(message.body.as_ref(), pattern))
                    || self
                        .pieces
                        .iter()
                        .any(|piece| piece.text.as_deref().is_some_and(|text| pattern.matches(text)))
                    || (!self.details.is_null() && pattern.matches(&self.details.to_string()))
            }
            Field::RequestBody => is_body(request.body.as_ref(), pattern),
            Field::ResponseBody => is_body(response.and_then(|response| response.body.as_ref()), pattern),
            _ => return self.summary.text(field, sub, pattern),
        };
        Some(is)
    }
}

/// The parts of `http://host:port/path?query`.
struct Url<'t> {
    host: &'t str,
    path: &'t str,
    query: Option<&'t str>,
}

impl<'t> Url<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (_, rest) = text.split_once("://")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        Some(Self { host, path, query })
    }
}

/// A host, or any label of it: `api` means `api.shop.localhost`.
pub fn is_host(host: &str, pattern: &Pattern) -> bool {
    pattern.matches(host)
        || (matches!(pattern, Pattern::Whole(_)) && host.split('.').any(|label| pattern.matches(label)))
}

fn is_party(party: &Party, sub: Option<&str>, pattern: &Pattern) -> bool {
    let is = |text: Option<&str>| text.is_some_and(|text| pattern.matches(text));
    match sub {
        Some("pid") => is(party.pid.map(|pid| pid.to_string()).as_deref()),
        Some("project") => is(party.project.as_deref()),
        _ => is(party.program.as_deref()),
    }
}

fn has_header(message: &Message, sub: Option<&str>, pattern: &Pattern) -> bool {
    message.headers.iter().chain(&message.trailers).any(|(name, value)| match sub {
        Some(sub) => name.eq_ignore_ascii_case(sub) && pattern.matches(value),
        None => pattern.matches(value) || pattern.matches(name),
    })
}

fn is_body(body: Option<&Body>, pattern: &Pattern) -> bool {
    body.and_then(|body| body.text.as_deref()).is_some_and(|text| pattern.matches(text))
}

impl Outcome {
    /// Its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::ClientLeft => "client_left",
            Self::ServerLeft => "server_left",
            Self::Unreached => "unreached",
            Self::Fault => "fault",
            Self::Unknown => "unknown",
        }
    }
}
