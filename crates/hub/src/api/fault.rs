//! A request that is not fulfilled: what happened, why, and what can be typed, as JSON with a status.

use std::fmt;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use navyd_model::{RouteError, Service, api::Document, filter::FilterError, hub::ApiError};

use crate::{
    book::{Holder, Refusal},
    guard::Denied,
};

/// A refusal with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    status: StatusCode,
    body: ApiError,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, body: ApiError { error: error.into(), ..ApiError::default() } }
    }

    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.body.cause = Some(cause.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    /// Where the mistake is in what was written, in bytes: its begin and its end.
    pub(crate) fn at(mut self, at: [usize; 2]) -> Self {
        self.body.at = Some(at);
        self
    }

    /// Something of the hub's own did not work.
    pub(crate) fn inner(error: &impl ToString) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the hub cannot do that now").cause(error.to_string())
    }

    /// What was written is no filter: the mistake in backticks, and below the filter a mark where it is.
    pub(crate) fn of_filter(error: FilterError, written: &str) -> Self {
        let (at, cause) = ([error.at.start, error.at.end], error.pointing(written).join("\n"));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.message).cause(cause).hint(error.hint).at(at)
    }

    /// What a service in a terminal is not there for.
    pub(crate) fn in_terminal(run: &Service) -> Self {
        let pid = run.pid.map_or_else(String::new, |pid| format!(" as process {pid}"));
        Self::new(StatusCode::CONFLICT, format!("`{}` runs in a terminal", run.id))
            .cause(format!(
                "`navyd run` started it there{pid}: what it says and reads is there, and nobody keeps it"
            ))
            .hint(format!("navyd stop {}", run.id))
    }

    /// What is wrong, without its cause.
    pub(crate) fn what(&self) -> &str {
        &self.body.error
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.body.error)?;
        self.body.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.status, Json(Document::new("error", self.body))).into_response()
    }
}

impl From<RouteError> for Fault {
    fn from(error: RouteError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.message).hint(error.hint)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        use std::error::Error as _;
        let status = match &refusal {
            Refusal::Taken { .. } | Refusal::NotYours { .. } | Refusal::Listen { .. } => StatusCode::CONFLICT,
            Refusal::Own(_)
            | Refusal::Loop(_)
            | Refusal::TooMany
            | Refusal::TooManyFaults
            | Refusal::Fault { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Unknown(_) | Refusal::NoFault => StatusCode::NOT_FOUND,
            Refusal::Ending => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Disk(_) | Refusal::Gateway(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let fault = Self::new(status, refusal.to_string());
        let fault = match refusal.source() {
            Some(source) => fault.cause(source.to_string()),
            None => fault,
        };
        match refusal {
            Refusal::Taken { from, holder: Holder::Person, .. } => fault.hint(Holder::Person.end(&from)),
            Refusal::Taken { from, holder, .. } => {
                fault.cause(format!("the route belongs to {holder}")).hint(holder.end(&from))
            }
            Refusal::NotYours { from, holder } => fault.hint(holder.end(&from)),
            Refusal::Unknown(_) | Refusal::TooMany => fault.hint("navyd route ls"),
            Refusal::Listen { address, cause } => {
                fault.cause(cause).hint(format!("navyd why {}", address.port()))
            }
            Refusal::Own(_) => fault.hint("navyd route add shop http://127.0.0.1:3000"),
            Refusal::Loop(_) => fault.cause("a request would go round for ever").hint("navyd ls"),
            Refusal::Gateway(_) => fault.hint("navyd hub logs"),
            Refusal::Fault { .. } => fault.hint("navyd fault add --help"),
            Refusal::NoFault | Refusal::TooManyFaults => fault.hint("navyd fault ls"),
            Refusal::Ending | Refusal::Disk(_) => fault,
        }
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        let status = denied.status();
        match denied {
            Denied::Host => Self::new(status, "the request is not for this hub")
                .cause("its `Host` is not one of the hub's own names with the hub's port"),
            Denied::Origin => Self::new(status, "another origin asks")
                .cause("only pages of the hub itself, and what a person opens, are answered")
                .hint("open the address itself instead of following a link"),
            Denied::Token => Self::new(status, "the request has no session")
                .cause("over its port the hub wants `Authorization: Bearer` and a session's token")
                .hint("navyd hub status --link"),
        }
    }
}
