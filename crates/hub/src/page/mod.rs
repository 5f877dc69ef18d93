//! The status page: listeners, routes and services, made here and readable without a script.
//!
//! Shown to anybody who reaches the hub's port, so it names what `ls` of any user shows, and neither arguments nor
//! directories nor logs. Everything from outside is escaped. Deliberately absent: anything that acts, anything
//! loaded from elsewhere, and refreshing by itself, which would move what is being read.

mod html;
mod tables;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use navyd_model::hub::Listeners;

use crate::{api::Fault, house::House};
use html::Page;

const STYLE: &str = include_str!("navyd.css");

/// The pages, and the answer to what is none.
pub(crate) fn router() -> Router<Arc<House>> {
    Router::new().route("/", get(status)).route("/navyd.css", get(style)).fallback(nothing)
}

async fn status(State(house): State<Arc<House>>) -> Html<String> {
    let seen = house.seen.now().await;
    let (seen, blind) = match seen {
        Ok(seen) => (seen, None),
        Err(error) => (Arc::new(Listeners::default()), Some(error)),
    };
    let hub = house.status();
    let mut page = Page::new("navyd");
    tables::head(&mut page, &hub, house.since.elapsed());
    tables::routes(&mut page, &house.book.list());
    tables::services(&mut page, &house.all_services());
    tables::listeners(&mut page, &seen, blind.as_deref());
    tables::foot(&mut page);
    Html(page.finish())
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn nothing() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "the hub has nothing there").hint("navyd hub status")
}

/// The page for a request that was denied, for people.
pub(crate) fn denied(status: StatusCode, text: &str) -> Response {
    let mut page = Page::new("navyd");
    page.heading("Not answered");
    page.paragraph(text);
    (status, Html(page.finish())).into_response()
}
