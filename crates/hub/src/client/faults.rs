//! Asking for faults: what lies on routes, more of it, less of it.

use navyd_model::fault::{Fault, FaultLog, Faults, Seed};

use super::{Client, ClientError, Method, segment};

impl Client {
    /// Every fault.
    ///
    /// # Errors
    /// When the hub does not answer.
    pub fn faults(&self) -> Result<Faults, ClientError> {
        self.ask(Method::GET, "/api/v1/faults", None::<&()>)
    }

    /// What they have chosen since the run began.
    ///
    /// # Errors
    /// When the hub does not answer.
    pub fn fault_log(&self) -> Result<FaultLog, ClientError> {
        self.ask(Method::GET, "/api/v1/faults/log", None::<&()>)
    }

    /// Begins a new run of faults, with this seed.
    ///
    /// # Errors
    /// When the hub does not answer.
    pub fn seed_faults(&self, seed: u64) -> Result<Faults, ClientError> {
        self.ask(Method::POST, "/api/v1/faults/seed", Some(&Seed { seed }))
    }

    /// Lays a fault on its route; one of the same name there gives way.
    ///
    /// # Errors
    /// When it is no fault, or there is no such route.
    pub fn add_fault(&self, fault: &Fault) -> Result<Faults, ClientError> {
        self.ask(Method::POST, "/api/v1/faults", Some(fault))
    }

    /// Takes faults away: those of a route, the one of this name there, or all of them.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_faults(&self, route: Option<&str>, name: Option<&str>) -> Result<Faults, ClientError> {
        let parts = [("route", route), ("name", name)];
        let said = |(key, value): (&str, Option<&str>)| Some(format!("{key}={}", segment(value?)));
        let query: Vec<String> = parts.into_iter().filter_map(said).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("/api/v1/faults{mark}{}", query.join("&"));
        self.ask(Method::DELETE, &path, None::<&()>)
    }
}
