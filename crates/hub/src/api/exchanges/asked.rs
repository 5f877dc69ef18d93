//! Which exchanges a request asks for.

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
};
use jiff::Timestamp;
use navyd_model::filter::Filter;
use serde::{Deserialize, de::DeserializeOwned};

use super::PAGE;
use crate::{api::Fault, capture::Question};

/// The question of a request: all exchanges, unless it says which.
pub(super) struct Asked(pub(super) Question);

/// The same for a page, which is as long as pages are when nobody says how long.
pub(super) struct Limited(pub(super) Question);

/// The query of a URL, read.
pub(super) struct Wanted<T>(pub(super) T);

#[derive(Debug, Deserialize)]
struct Written {
    filter: Option<String>,
    text: Option<String>,
    limit: Option<usize>,
    before: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Wanted(written) = Wanted::<Written>::from_request_parts(parts, state).await?;
        written.question().map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Limited {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Wanted(written) = Wanted::<Written>::from_request_parts(parts, state).await?;
        Written { limit: written.limit.or(Some(PAGE)), ..written }.question().map(Self)
    }
}

impl Written {
    fn question(self) -> Result<Question, Fault> {
        let Self { filter, text, limit, before } = self;
        let limit = limit.unwrap_or_default();
        let text = text.filter(|text| !text.trim().is_empty());
        Ok(Question { filter: read(filter)?, text, before, limit, ..Question::default() })
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Wanted<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(wanted)| Self(wanted)).map_err(|error| {
            Fault::new(StatusCode::BAD_REQUEST, "the query of the URL cannot be read")
                .cause(error.body_text())
        })
    }
}

/// The filter that was written; `None` means every exchange.
///
/// # Errors
/// When it is no filter: with the mistake in backticks, and below the filter a mark where it is.
pub(super) fn read(written: Option<String>) -> Result<Option<Filter>, Fault> {
    let written = written.filter(|text| !text.trim().is_empty());
    let parsed =
        |text: String| Filter::parse(&text, Timestamp::now()).map_err(|error| Fault::of_filter(error, &text));
    written.map(parsed).transpose()
}
