//! What a request says: its body, which is JSON, declared as such, of a bounded length; and names in its path.

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::Fault;

/// The longest body, in bytes. A project's configuration is the longest thing said.
pub(super) const MOST: usize = 1024 * 1024;

/// The body, read.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Input<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &S) -> Result<Self, Fault> {
        let bytes = json(request, MOST).await?;
        let input = serde_json::from_slice(&bytes).map_err(|error| {
            Fault::new(StatusCode::BAD_REQUEST, "the request's body cannot be read").cause(error.to_string())
        })?;
        Ok(Self(input))
    }
}

/// What the path names, read.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        // What cannot be a name of anything names nothing.
        named.map(|Path(named)| Self(named)).map_err(|error| {
            Fault::new(StatusCode::NOT_FOUND, "the path names nothing that there is").cause(error.body_text())
        })
    }
}

/// The body as it is, if it is called JSON and no longer than this.
pub(super) async fn json(request: Request, most: usize) -> Result<Bytes, Fault> {
    // A form of a foreign page cannot say this without asking first, and it is never allowed to.
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(is_json) {
        let fault = Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the request's body is not called JSON");
        return Err(fault.hint("Content-Type: application/json"));
    }
    to_bytes(request.into_body(), most).await.map_err(|error| {
        Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request's body is cut short or over {most} bytes"),
        )
        .cause(error.to_string())
    })
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_called_so() {
        for (kind, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("text/plain;application/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(kind), expected, "{kind}");
        }
    }
}
