//! The one door between commands and the hub: finding it, starting it, and its errors as people read them.

use std::{path::PathBuf, time::Duration};

use navyd_hub::{
    HubError,
    client::{self, LaunchError},
    trust::Call,
    unit,
};

pub(crate) use navyd_hub::{
    Bell, Listen, Log, Places, Recording, Settings, Started, Unit,
    capture::{Capture, CaptureError, Limits as CaptureLimits},
    client::{
        Client, ClientError, Draft, Ended, ExportError, Follow, Lease, Meant, Message, Method, segment,
    },
    leave_terminal,
    log::{MOST as LOG_LENGTH, rotated},
    otlp::Endpoint,
    prepare, start, take_over, tell_ready,
    toxiproxy::{Settings as ToxiproxySettings, Toxiproxy, ToxiproxyError},
};

use crate::out::Failure;

/// Where the files of this user's hub are.
pub(crate) fn places() -> Result<Places, Failure> {
    Places::here().ok_or_else(|| {
        Failure::new("the hub's directories are unknown")
            .cause("neither `HOME` nor `XDG_STATE_HOME` names a directory")
            .hint("HOME=/home/YOU navyd hub")
    })
}

/// The hub, when one runs.
pub(crate) fn running() -> Result<Option<Client>, Failure> {
    match Client::connect(&places()?.socket()) {
        Ok(client) => Ok(Some(client)),
        Err(ClientError::NotRunning) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The hub, for a command that can do without: `None` also when it cannot be reached. Where it never ran, nothing is
/// opened.
pub(crate) fn glance(patience: Duration) -> Option<Client> {
    let socket = Places::here()?.socket();
    if socket.exists() { Client::within(&socket, patience).ok() } else { None }
}

/// The hub; started in the background when none runs, or once the one that ends is gone.
pub(crate) fn ensure() -> Result<Client, Failure> {
    ensure_with(&[])
}

/// The same; one that has to be started is told more. An installed one is started as it is installed.
pub(crate) fn ensure_with(flags: &[&str]) -> Result<Client, Failure> {
    let places = places()?;
    let socket = places.socket();
    client::ensure(&socket, || {
        if client::summon(&places) {
            return Ok(());
        }
        // An installed hub is its manager's to start: else it would have neither its sockets nor its restarts.
        if start_unit() && Client::connect(&socket).is_ok() {
            return Ok(());
        }
        let program = std::env::current_exe().map_err(LaunchError::Program)?;
        client::launch(&program, &[&["hub", "--background"], flags].concat())?;
        Ok(())
    })
}

/// How long the manager of services may take: as long as a hub that is started without it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Has the manager of services start the hub; whether one is installed, and that went well.
fn start_unit() -> bool {
    let Some(unit) = own_unit().ok().flatten().filter(|unit| unit.path.exists()) else { return false };
    let Some((program, arguments)) = unit.start.split_first() else { return false };
    Call::new(program, arguments).run(PATIENCE).is_ok_and(|ran| ran.success)
}

/// The service unit that starts this user's hub; `None` where the manager of services is not known.
pub(crate) fn own_unit() -> Result<Option<Unit>, Failure> {
    let (program, places) = (program()?, places()?);
    let home = std::env::home_dir().unwrap_or_default();
    let config = places.config.parent().map_or_else(|| home.join(".config"), ToOwned::to_owned);
    Ok(unit(&program, &config, &home))
}

/// This very program, for whoever starts it later.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    let found = std::env::current_exe();
    found.map_err(|error| Failure::new("the path of navyd is unknown").cause(error.to_string()))
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        with(Self::new(error.to_string()), error.cause(), error.hint())
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        with(Self::new(error.to_string()), error.cause(), error.hint())
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            LaunchError::Program(source) => failure.cause(source.to_string()).hint("navyd hub"),
            LaunchError::Ended { said } => Self::read(&said).unwrap_or_else(|| {
                let said = said.trim();
                let failure = if said.is_empty() { failure } else { failure.cause(said) };
                failure.hint("navyd hub")
            }),
            LaunchError::Silent => failure.hint("navyd hub logs"),
        }
    }
}

fn with(failure: Failure, cause: Option<String>, hint: Option<String>) -> Failure {
    let failure = cause.into_iter().fold(failure, Failure::cause);
    hint.into_iter().fold(failure, Failure::hint)
}
