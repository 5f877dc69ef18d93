//! `navyd toxiproxy`: the API of Toxiproxy, in the foreground and without a hub.
//!
//! Arguments as written become [`Settings`] once. Deliberately absent: what the API does, and moving bytes.

use std::{
    error::Error as _,
    ffi::OsString,
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use navyd_model::api::Document;
use serde::Serialize;

use super::{Command, Format, Stage};
use crate::{
    exit::Exit,
    hub::{Toxiproxy, ToxiproxyError, ToxiproxySettings as Settings},
    interrupt::Interrupt,
    out::{Failure, Text, Tone},
};

/// Serve Toxiproxy's API, so that its clients work unmodified
///
/// Proxies and toxics are those that clients make, and end with this. Toxiproxy's own spellings of the flags, with one
/// dash, are understood.
#[derive(Debug, clap::Parser)]
#[command(
    name = "toxiproxy",
    after_long_help = "Examples:\n  \
        navyd toxiproxy\n  \
        navyd toxiproxy --config toxiproxy.json --seed 42\n  \
        navyd toxiproxy -host 127.0.0.1 -port 8475 -proxy-metrics\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Serve {
    /// Where the API is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = host)]
    host: IpAddr,

    /// At which port; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = PORT)]
    port: u16,

    /// Proxies to begin with: Toxiproxy's file, whose toxics are heeded as well
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Repeat what toxics choose by chance; a random number without it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<i64>,

    /// Tell at /metrics how many bytes have passed by each proxy
    #[arg(long)]
    proxy_metrics: bool,

    /// Tell at /metrics what is known of this process
    #[arg(long)]
    runtime_metrics: bool,
}

/// Where Toxiproxy's clients look for it.
const PORT: u16 = 8474;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Toxiproxy's flags, as Go's programs write them.
const GO_FLAGS: &[&str] = &["host", "port", "config", "seed", "proxy-metrics", "runtime-metrics"];

/// What runs, for programs.
#[derive(Debug, Serialize)]
struct Report {
    listen: SocketAddr,
    proxies: Vec<ReportProxy>,
}

#[derive(Debug, Serialize)]
struct ReportProxy {
    name: String,
    listen: String,
    upstream: String,
}

impl Command for Serve {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let config = self.config.as_deref().map(read).transpose()?;
        let settings = Settings {
            listen: SocketAddr::new(self.host, self.port),
            config,
            // Every number is as good as any other.
            seed: self.seed.map(i64::cast_unsigned),
            proxy_metrics: self.proxy_metrics,
            runtime_metrics: self.runtime_metrics,
            // As many as there are cores: every byte is carried here.
            workers: thread::available_parallelism().map_or(1, usize::from),
        };
        // Before anything listens, so that no one can be let in and then cut off.
        let interrupt = Interrupt::new()?;
        let toxiproxy = Toxiproxy::start(&settings).map_err(unstarted)?;
        if !self.host.is_loopback() {
            let who = "whoever reaches this address can open listeners on this machine and connect from it";
            stage.screen.note(who)?;
        }
        match stage.format {
            Format::Text => {
                let url = format!("http://{}", toxiproxy.listen());
                stage.screen.line(&Text::of(Tone::Bold, url))?;
                for [name, listen, upstream] in toxiproxy.proxies() {
                    stage.screen.line(&Text::plain(format!("{name}: {listen} → {upstream}")))?;
                }
            }
            Format::Json => stage.screen.json(&Document::new("toxiproxy", report(&toxiproxy)))?,
            Format::Jsonl => stage.screen.json_line(&report(&toxiproxy))?,
        }
        stage.screen.flush()?;
        while !interrupt.wait(Duration::MAX) {}
        toxiproxy.end()?;
        Ok(Exit::Yes)
    }
}

/// The same arguments, with Toxiproxy's flags as this command spells them.
pub(super) fn spelled(args: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = args.iter().position(|arg| arg == "toxiproxy") else { return args };
    let ours = |(number, arg): (usize, OsString)| {
        let flag = arg.to_str().and_then(|text| text.strip_prefix('-')).filter(|_| number > at);
        let flag = flag.filter(|flag| {
            let name = flag.split_once('=').map_or(*flag, |(name, _)| name);
            GO_FLAGS.contains(&name)
        });
        // Go's flags without a value may be given `true`.
        flag.map_or_else(|| arg.clone(), |flag| format!("--{}", flag.trim_end_matches("=true")).into())
    };
    args.into_iter().enumerate().map(ours).collect()
}

fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        text => text.parse().map_err(|_| "is not an address of this machine".to_owned()),
    }
}

/// A file's name and what is in it.
fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let file = path.display().to_string();
    let failed = |error: io::Error| {
        let hint = format!("ls -l {file}");
        Failure::new(format!("cannot read `{file}`")).cause(error.to_string()).hint(hint)
    };
    if fs::metadata(path).map_err(failed)?.len() > LONGEST {
        return Err(failed(io::Error::other("it is longer than 16 MiB")));
    }
    let text = fs::read(path).map_err(failed)?;
    Ok((file, text))
}

fn report(toxiproxy: &Toxiproxy) -> Report {
    let proxies = toxiproxy.proxies().into_iter();
    let proxies = proxies.map(|[name, listen, upstream]| ReportProxy { name, listen, upstream });
    Report { listen: toxiproxy.listen(), proxies: proxies.collect() }
}

fn unstarted(error: ToxiproxyError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        ToxiproxyError::Listen { address, holder, source } => {
            let cause = match (holder, source.kind()) {
                (Some(holder), _) => format!("{holder} listens there"),
                (None, io::ErrorKind::AddrInUse) => "another program listens there".to_owned(),
                (None, io::ErrorKind::PermissionDenied) => "ports below 1024 need a permission".to_owned(),
                (None, io::ErrorKind::AddrNotAvailable) => {
                    "the address is not one of this machine".to_owned()
                }
                (None, _) => source.to_string(),
            };
            failure.cause(cause).hint(format!("navyd why {}", address.port()))
        }
        ToxiproxyError::Config { file, why } => {
            failure.cause(why).hint(format!("navyd toxiproxy --config {file}"))
        }
        ToxiproxyError::Gateway(_) | ToxiproxyError::System(_) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            failure.cause(cause).hint("navyd toxiproxy")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_go_are_understood() {
        for (typed, expected) in [
            ("navyd toxiproxy -host 127.0.0.1 -port=1", "navyd toxiproxy --host 127.0.0.1 --port=1"),
            ("navyd toxiproxy -seed -5 -proxy-metrics", "navyd toxiproxy --seed -5 --proxy-metrics"),
            ("navyd toxiproxy -runtime-metrics=true", "navyd toxiproxy --runtime-metrics"),
            ("navyd toxiproxy --port 1 -h", "navyd toxiproxy --port 1 -h"),
            ("navyd -host", "navyd -host"),
            ("navyd wait -port toxiproxy", "navyd wait -port toxiproxy"),
        ] {
            let args = typed.split(' ').map(OsString::from).collect();
            let expected: Vec<_> = expected.split(' ').map(OsString::from).collect();
            assert_eq!(spelled(args), expected);
        }
    }
}
