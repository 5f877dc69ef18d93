//! The local authority: whoever renews it on the disk tells the hub to take it from there.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use navyd_model::{
    api::Document,
    hub::{ApiError, Signing},
};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document};
use crate::{
    house::House,
    trust::{KeepError, Kept},
};

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/authority/reload", post(reload)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(reload))]
struct Description;

/// Sign with the authority that is on the disk now
#[utoipa::path(post, path = "/api/v1/authority/reload", operation_id = "reload_authority", responses(
    (status = 200, description = "the authority that signs from now on", body = Document<Signing>),
    (status = 409, description = "there is none, or names are served without TLS", body = Document<ApiError>),
))]
async fn reload(State(house): State<Arc<House>>) -> Answer<Signing> {
    let Some(tls) = house.tls.clone() else {
        let fault = Fault::new(StatusCode::CONFLICT, "names are served without TLS");
        return Err(fault.cause("no authority could be used when the hub started").hint("navyd hub stop"));
    };
    let places = house.places.clone();
    let signing = spawn_blocking(move || {
        let found = Kept::find(&places)?;
        let expires = found.as_ref().map(navyd_gateway::tls::Authority::expires);
        found.into_iter().for_each(|authority| tls.sign_with(authority));
        Ok::<_, KeepError>(expires)
    });
    let found = signing.await.map_err(|error| Fault::inner(&error))?;
    match found {
        Ok(Some(expires)) => Ok(document("signing", Signing { expires })),
        Ok(None) => {
            let fault = Fault::new(StatusCode::CONFLICT, "there is no local authority");
            Err(fault.hint("navyd trust install"))
        }
        Err(error) => {
            let fault = Fault::new(StatusCode::CONFLICT, "the local authority cannot be used");
            Err(fault.cause(error.to_string()).hint("navyd trust status"))
        }
    }
}
