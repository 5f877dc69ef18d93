//! The flags that every stand-in takes.

use std::{net::IpAddr, time::Duration};

use navyd_standin::{
    http::{Credentials, Hosts, Manners},
    raw::Manner,
};

use super::super::duration;
use crate::{client, out::Failure};

/// As typed.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Every stand-in")]
pub(crate) struct Flags {
    /// At which port; 0 for any that is free. Without it, the one that `navyd port --stable` gives
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// At which address instead of the loopback device's; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = host)]
    pub(crate) host: Vec<Host>,

    /// Speak TLS, with a certificate of the local authority
    #[arg(long)]
    pub(crate) tls: bool,

    /// Who may ask, as user:password; NAVYD_AUTH keeps it out of the list of processes
    #[arg(long, value_name = "USER:PASSWORD", env = "NAVYD_AUTH", hide_env_values = true)]
    auth: Vec<Secret>,

    /// Print a line for each request
    #[arg(long)]
    pub(crate) log: bool,

    /// Let every answer wait
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    latency: Option<Duration>,

    /// Fail this part of all requests: 0.1 is one of ten
    #[arg(long, value_name = "PART", value_parser = part)]
    error_rate: Option<f64>,

    /// Lead NAME.localhost here, while the hub runs
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: Option<String>,

    /// End after this time
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) ttl: Option<Duration>,

    /// Listen for the local network as well, and show a QR code of the address
    #[arg(long, conflicts_with = "host")]
    pub(crate) lan: bool,
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// Both of the loopback device's.
    Localhost,
    /// This one.
    Address(IpAddr),
}

/// A text that is never shown.
#[derive(Clone)]
struct Secret(String);

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Flags {
    /// What was typed to say who may ask.
    pub(crate) fn auth(&self) -> Option<&str> {
        self.auths().next()
    }

    /// The same, where there may be several.
    pub(crate) fn auths(&self) -> impl Iterator<Item = &str> {
        self.auth.iter().map(|secret| secret.0.as_str())
    }

    /// Who may ask, how slow it is and how often it fails.
    pub(crate) fn manners(&self) -> Result<Manners, Failure> {
        if self.auth.len() > 1 {
            return Err(bad_auth("there is more than one, and this stand-in asks for one"));
        }
        let bad = || bad_auth("a colon stands between the two");
        let auth = self.auth().map(|text| credentials(text).ok_or_else(bad)).transpose()?;
        Ok(Manners { auth, ..self.open_manners() })
    }

    /// The same, but anyone may ask: for a stand-in that asks for passwords by itself.
    pub(crate) fn open_manners(&self) -> Manners {
        Manners {
            hosts: Hosts::Ours(self.own_names()),
            latency: self.latency.unwrap_or_default(),
            error_rate: self.error_rate.unwrap_or_default(),
            ..Manners::default()
        }
    }

    /// The names besides localhost by which it may be asked: this machine's own where others may ask.
    fn own_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.name.iter().cloned().collect();
        if self.is_wide()
            && let Some(own) = client::host_name()
        {
            names.extend([format!("{own}.local"), own]);
        }
        names
    }

    /// How slow it is and how often it fails, where there are bytes and no requests.
    pub(crate) fn manner(&self) -> Manner {
        Manner { latency: self.latency.unwrap_or_default(), error_rate: self.error_rate.unwrap_or_default() }
    }

    /// Flags that were given, of those that do not mean something everywhere.
    pub(super) fn particular(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            ("--auth", !self.auth.is_empty()),
            ("--latency", self.latency.is_some()),
            ("--error-rate", self.error_rate.is_some()),
            ("--tls", self.tls),
            ("--name", self.name.is_some()),
        ];
        flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// Whether other machines may reach it.
    pub(crate) fn is_wide(&self) -> bool {
        let wide =
            |host: &Host| matches!(host, Host::Address(address) if !address.to_canonical().is_loopback());
        self.lan || self.host.iter().any(wide)
    }
}

/// From `user:password`.
fn credentials(text: &str) -> Option<Credentials> {
    Credentials::parse(text).filter(|_| !text.starts_with(':'))
}

/// What was typed is no user and password; without showing it.
pub(crate) fn bad_auth(cause: &str) -> Failure {
    Failure::new("`--auth` is no user and password").cause(cause).hint("export NAVYD_AUTH=me:secret")
}

fn host(text: &str) -> Result<Host, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare {
        "localhost" => Ok(Host::Localhost),
        bare => bare.parse().map(Host::Address).map_err(|_| "is not an address of this machine".to_owned()),
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_said = text.chars().any(char::is_alphanumeric);
    is_said.then(|| text.to_owned()).ok_or_else(|| "has neither a letter nor a digit".to_owned())
}

fn part(text: &str) -> Result<f64, String> {
    let part = text
        .strip_suffix('%')
        .map_or_else(|| text.parse::<f64>(), |percent| percent.parse::<f64>().map(|percent| percent / 100.0));
    part.ok().filter(|part| (0.0..=1.0).contains(part)).ok_or_else(|| "is not from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Typed {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn parts_and_hosts_are_read() {
        for (text, expected) in [
            ("0.1", Some(0.1)),
            ("10%", Some(0.1)),
            ("1", Some(1.0)),
            ("1.1", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(part(text).ok(), expected, "{text}");
        }
        assert_eq!(host("localhost"), Ok(Host::Localhost));
        assert_eq!(host("[::1]"), Ok(Host::Address("::1".parse().unwrap())));
        assert!(host("example.com").is_err());
        assert!(name("shop").is_ok() && name("é").is_ok() && name("").is_err() && name("*").is_err());
    }

    #[test]
    fn what_others_reach_is_wide_and_no_password_is_shown() {
        for (typed, expected) in [
            ("x", false),
            ("x --host localhost --host 127.0.0.9", false),
            ("x --host 0.0.0.0", true),
            ("x --host ::ffff:127.0.0.1", false),
            ("x --lan", true),
        ] {
            assert_eq!(Typed::parse_from(typed.split(' ')).flags.is_wide(), expected, "{typed}");
        }
        let typed = Typed::parse_from(["x", "--auth", "me:hush"]);
        assert!(!format!("{typed:?}").contains("hush") && typed.flags.manners().unwrap().auth.is_some());
        for wrong in ["hush", ":hush"] {
            let refused = Typed::parse_from(["x", "--auth", wrong]).flags.manners().unwrap_err();
            assert!(!format!("{refused:?}").contains("hush"));
        }
    }
}
