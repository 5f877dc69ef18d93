//! Where a collector listens: a URL as it is typed, understood once.

use std::{fmt, str::FromStr};

use axum::http::Uri;

/// Where a collector listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    pub(super) authority: String,
    /// With its query.
    pub(super) path: String,
}

/// Why a text names no collector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is none of HTTP.
    #[error("`{0}` is no URL such as `http://localhost:4318`")]
    NotHttp(String),
    /// TLS is not spoken.
    #[error("`{0}` asks for TLS: a collector is reached by `http://`")]
    Tls(String),
}

impl Endpoint {
    /// As it was typed.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What to connect to.
    pub(super) fn address(&self) -> String {
        let has_port = self.authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        if has_port { self.authority.clone() } else { format!("{}:80", self.authority) }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `http://HOST[:PORT][/PATH]`. Without a path it is `/v1/traces`, as the protocol has it; a path stays as it
    /// is said.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let not_http = || EndpointError::NotHttp(text.to_owned());
        let url: Uri = text.parse().map_err(|_| not_http())?;
        match url.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(EndpointError::Tls(text.to_owned())),
            _ => return Err(not_http()),
        }
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.filter(|authority| !authority.host().is_empty()).ok_or_else(not_http)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let path = if path == "/" { "/v1/traces" } else { path };
        Ok(Self { url: text.to_owned(), authority: authority.to_string(), path: path.to_owned() })
    }
}

impl fmt::Display for Endpoint {
    /// Without its query, in which a key may stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "http://{}{path}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_understood_or_says_why_not() {
        for (text, expected) in [
            ("http://localhost:4318", Ok("http://localhost:4318/v1/traces")),
            ("http://localhost:4318/", Ok("http://localhost:4318/v1/traces")),
            ("http://[::1]", Ok("http://[::1]/v1/traces")),
            ("http://a:1/otlp/v1/traces?key=x", Ok("http://a:1/otlp/v1/traces")),
            ("https://a", Err("`https://a` asks for TLS: a collector is reached by `http://`")),
            ("localhost:4318", Err("`localhost:4318` is no URL such as `http://localhost:4318`")),
            ("http://me@a", Err("`http://me@a` is no URL such as `http://localhost:4318`")),
            ("", Err("`` is no URL such as `http://localhost:4318`")),
        ] {
            let read = text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
            assert_eq!(
                read.map_err(|error| error.to_string()),
                expected.map(str::to_owned).map_err(str::to_owned)
            );
        }
        assert_eq!("http://[::1]".parse::<Endpoint>().unwrap().address(), "[::1]:80");
        assert_eq!("http://a:1/x?key=y".parse::<Endpoint>().unwrap().path, "/x?key=y");
    }
}
