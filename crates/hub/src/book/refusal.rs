//! Why a route is not as somebody wants it, and who has it instead.
//!
//! What to type then depends on who asks, so that only the end of a route is told here.

use std::{fmt, io, net::SocketAddr};

use navyd_gateway::StartError;
use navyd_model::Route;

use super::MOST;
use crate::doors::DoorError;

/// Who has a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person, until it is removed.
    Person,
    /// A service or a run, by its id.
    Service(String),
    /// A project, by its directory: it leads to none of its services.
    Project(String),
}

/// Why a route is not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another route begins there.
    #[error("`{from}` leads to `{to}` already")]
    Taken {
        /// Where it begins.
        from: String,
        /// Where it leads.
        to: String,
        /// Who has it.
        holder: Holder,
    },
    /// It would begin where the hub itself is.
    #[error("`{0}` is the hub itself")]
    Own(String),
    /// It would lead to the hub itself.
    #[error("`{0}` leads back to the hub")]
    Loop(String),
    /// No route begins there.
    #[error("no route begins at `{0}`")]
    Unknown(String),
    /// The route is no person's.
    #[error("`{from}` belongs to {holder}")]
    NotYours {
        /// Where it begins.
        from: String,
        /// Who has it.
        holder: Holder,
    },
    /// There are too many.
    #[error("there are {MOST} routes already")]
    TooMany,
    /// Its address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: String,
    },
    /// A fault that no gateway knows, or that is laid on something else than bytes of this route.
    #[error("that cannot be laid on `{route}`")]
    Fault {
        /// Where the route begins.
        route: String,
        /// What is wrong.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There are too many faults.
    #[error("there are too many faults already")]
    TooManyFaults,
    /// There is no such fault.
    #[error("no such fault lies on a route")]
    NoFault,
    /// The system does not let the gateway have it.
    #[error("the gateway cannot take the route")]
    Gateway(#[source] io::Error),
    /// The hub ends.
    #[error("the hub is ending")]
    Ending,
    /// The disk does not take it.
    #[error("the route cannot be kept")]
    Disk(#[source] io::Error),
}

impl Refusal {
    /// For a route that begins where this one does.
    pub(super) fn taken(route: &Route, holder: Holder) -> Self {
        Self::Taken { from: route.entry.to_string(), to: route.upstream.to_string(), holder }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("whoever added it with `navyd route add`"),
            Self::Service(id) => write!(f, "the service `{id}`"),
            Self::Project(root) => write!(f, "the project in `{root}`"),
        }
    }
}

impl Holder {
    /// What is typed to end the route.
    pub fn end(&self, from: &str) -> String {
        match self {
            Self::Person => format!("navyd route rm {from}"),
            Self::Service(id) => format!("navyd stop {id}"),
            Self::Project(root) => format!("cd {root} && navyd down"),
        }
    }
}

impl From<DoorError> for Refusal {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Refused(StartError::Listen { address, source }) => {
                Self::Listen { address, cause: source.to_string() }
            }
            DoorError::Refused(StartError::Worker(error) | StartError::Handed(error)) => Self::Gateway(error),
            DoorError::Refused(StartError::Tls(error)) => Self::Gateway(io::Error::other(error)),
            DoorError::Refused(StartError::Fault { route, source }) => {
                Self::Fault { route, cause: Box::new(source) }
            }
            DoorError::Closed => Self::Ending,
        }
    }
}
