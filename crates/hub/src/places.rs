//! Where the hub keeps its files: the places of the XDG Base Directory Specification.
//!
//! Pure: an environment goes in, paths come out. Deliberately absent: making directories, which is for whoever
//! writes into one.

use std::{ffi::OsString, path::PathBuf};

/// The directories of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Sockets and the discovery file: gone after a restart of the machine.
    pub runtime: PathBuf,
    /// Routes and logs: kept, but of this machine.
    pub state: PathBuf,
    /// The authority: kept.
    pub data: PathBuf,
    /// Settings, which people write.
    pub config: PathBuf,
}

impl Places {
    /// Those that the environment of this process names; `None` without any home.
    pub fn here() -> Option<Self> {
        Self::of(|name| std::env::var_os(name))
    }

    /// Those that an environment names. A relative path is ignored, as the specification demands.
    pub fn of(environment: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME").or_else(|| absolute("USERPROFILE"));
        let under = |name: &str, fallback: &str| {
            absolute(name)
                .or_else(|| home.as_ref().map(|home| home.join(fallback)))
                .map(|path| path.join("navyd"))
        };
        let state = under("XDG_STATE_HOME", ".local/state")?;
        let runtime = absolute("XDG_RUNTIME_DIR").map_or_else(|| state.clone(), |path| path.join("navyd"));
        let (data, config) = (under("XDG_DATA_HOME", ".local/share")?, under("XDG_CONFIG_HOME", ".config")?);
        Some(Self { runtime, state, data, config })
    }

    /// The folder of the local authority.
    pub fn authority(&self) -> PathBuf {
        self.data.join("ca")
    }

    /// The certificate that stores are given.
    pub fn root_certificate(&self) -> PathBuf {
        self.authority().join("root.pem")
    }

    /// The folders of the capture.
    pub fn traffic(&self) -> PathBuf {
        self.data.join("traffic")
    }

    /// The mail that a stand-in has kept.
    pub fn mail(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// The socket by which commands reach the hub.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("hub.sock")
    }

    /// The file that says where the hub is.
    pub fn discovery(&self) -> PathBuf {
        self.runtime.join("hub.json")
    }

    /// Locked as long as a hub runs.
    pub(crate) fn lock(&self) -> PathBuf {
        self.runtime.join("hub.lock")
    }

    /// What the hub said while nobody watched.
    pub fn log(&self) -> PathBuf {
        self.state.join("hub.log")
    }

    /// The routes of people.
    pub(crate) fn routes(&self) -> PathBuf {
        self.state.join("routes.json")
    }

    /// Locked by whoever writes the routes: two hubs with two runtime directories may share a state directory.
    pub(crate) fn routes_lock(&self) -> PathBuf {
        self.state.join("routes.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_environment() {
        let home = ("HOME", "/home/ada");
        for (environment, expected) in [
            (&[][..], None),
            (&[home][..], Some(["/home/ada/.local/state/navyd", "/home/ada/.local/state/navyd"])),
            (
                &[home, ("XDG_RUNTIME_DIR", "/run/user/7")][..],
                Some(["/run/user/7/navyd", "/home/ada/.local/state/navyd"]),
            ),
            (
                &[home, ("XDG_RUNTIME_DIR", "run")][..],
                Some(["/home/ada/.local/state/navyd", "/home/ada/.local/state/navyd"]),
            ),
            (&[home, ("XDG_STATE_HOME", "/s")][..], Some(["/s/navyd", "/s/navyd"])),
        ] {
            let lookup = |name: &str| {
                environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            let found = Places::of(lookup).map(|places| [places.runtime, places.state]);
            assert_eq!(found, expected.map(|paths| paths.map(PathBuf::from)), "{environment:?}");
        }
    }
}
