//! Exchanges: finding, showing, counting and removing them.
//!
//! # Layout
//! - `asked`: which are meant; `follow`: those to come; `transfer`: from and for other tools; `again`: sent once more;
//!   `messages`: read by descriptors

mod again;
mod asked;
mod follow;
mod messages;
mod transfer;

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::get};
use navyd_model::{
    api::Document,
    capture::{Page, Removed, Stats},
    exchange::Exchange,
    hub::ApiError,
};
use utoipa::OpenApi as _;

use self::asked::Asked;
use super::{Answer, Fault, Resource, document, input::Named, recorded};
use crate::{capture::Question, house::House};

/// How many exchanges a page has when nobody says how many.
const PAGE: usize = 100;

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/v1/exchanges", get(list).delete(remove))
            .route("/api/v1/exchanges/{id}", get(show).delete(remove_one))
            .route("/api/v1/exchanges/stats", get(stats))
            .merge(again::routes())
            .merge(follow::routes())
            .merge(messages::routes())
            .merge(transfer::routes())
    },
    describe: || {
        let mut all = Description::openapi();
        [again::describe(), follow::describe(), messages::describe(), transfer::describe()]
            .into_iter()
            .for_each(|part| all.merge(part));
        all
    },
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, show, stats, remove, remove_one))]
struct Description;

/// Exchanges, the newest first
///
/// Those that go on are among them.
#[utoipa::path(get, path = "/api/v1/exchanges", operation_id = "list_exchanges",
    params(
        ("filter" = Option<String>, Query, description = "which are meant, as in `status:>=500 host:shop`"),
        ("text" = Option<String>, Query, description = "words in URL, headers or body"),
        ("limit" = Option<usize>, Query, description = "how many at most: 100 when nothing is said, 10000 for 0"),
        ("before" = Option<u64>, Query, description = "only those with a smaller number: `next` of the page before"),
    ),
    responses(
        (status = 200, description = "the exchanges", body = Document<Page>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 422, description = "it is no filter; `at` says where the mistake is", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn list(State(house): State<Arc<House>>, asked::Limited(question): asked::Limited) -> Answer<Page> {
    Ok(document("exchanges", recorded::with(&house, move |capture| capture.list(&question)).await?))
}

/// One exchange, with all that is kept of it
#[utoipa::path(get, path = "/api/v1/exchanges/{id}", operation_id = "show_exchange",
    params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "the exchange", body = Document<Exchange>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn show(State(house): State<Arc<House>>, Named(id): Named<u64>) -> Answer<Exchange> {
    let found = recorded::with(&house, move |capture| capture.show(id)).await?;
    Ok(document("exchange", found.ok_or_else(|| unknown(id))?))
}

/// Figures of exchanges
#[utoipa::path(get, path = "/api/v1/exchanges/stats", operation_id = "count_exchanges",
    params(
        ("filter" = Option<String>, Query, description = "which are meant; all without one"),
        ("text" = Option<String>, Query, description = "words in URL, headers or body"),
    ),
    responses(
        (status = 200, description = "the figures", body = Document<Stats>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 422, description = "it is no filter", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn stats(State(house): State<Arc<House>>, Asked(question): Asked) -> Answer<Stats> {
    Ok(document("traffic-stats", recorded::with(&house, move |capture| capture.stats(&question)).await?))
}

/// Forget exchanges
#[utoipa::path(delete, path = "/api/v1/exchanges", operation_id = "remove_exchanges",
    params(
        ("filter" = Option<String>, Query, description = "which are meant; all without one"),
        ("text" = Option<String>, Query, description = "words in URL, headers or body"),
    ),
    responses(
        (status = 200, description = "how many there were", body = Document<Removed>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 422, description = "it is no filter", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn remove(State(house): State<Arc<House>>, Asked(question): Asked) -> Answer<Removed> {
    let removed = recorded::with(&house, move |capture| {
        if question.filter.is_some() || question.text.is_some() {
            return capture.remove(&question);
        }
        // All of them go with their files.
        let all = capture.stats(&question)?.exchanges;
        capture.clear().map(|()| all)
    });
    Ok(document("removed", Removed { removed: removed.await? }))
}

/// Forget an exchange
#[utoipa::path(delete, path = "/api/v1/exchanges/{id}", operation_id = "remove_exchange",
    params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "how many there were: one", body = Document<Removed>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn remove_one(State(house): State<Arc<House>>, Named(id): Named<u64>) -> Answer<Removed> {
    let removed = recorded::with(&house, move |capture| capture.remove(&only(id))).await?;
    if removed == 0 { Err(unknown(id)) } else { Ok(document("removed", Removed { removed })) }
}

/// The question for one exchange.
pub(super) fn only(id: u64) -> Question {
    Question { after: id.checked_sub(1), before: id.checked_add(1), ..Question::default() }
}

pub(super) fn unknown(id: u64) -> Fault {
    Fault::new(StatusCode::NOT_FOUND, format!("`{id}` is no exchange that is kept")).hint("navyd traffic ls")
}
