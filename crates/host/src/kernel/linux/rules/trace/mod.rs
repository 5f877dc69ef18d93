//! One connection, watched on its way through the rules.
//!
//! nf_tables tells of packets that carry a mark, and only a rule can set it. So a table of ours is added with rules for
//! exactly one connection: its own address and port are bound before. The table has the flag `owner`, by which the
//! kernel removes it together with the netlink socket that made it: that of an `nft` which reads our pipe. When this
//! process ends, in whatever way, the pipe closes, `nft` ends, and the table is gone; when `nft` is killed, at once.
//! Deliberately absent: any change of a rule that is not ours.

mod heard;

use std::{
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

pub(in crate::kernel::linux) use self::heard::heard;
use self::heard::{Station, TRACE};
use super::{
    super::netlink::{NETFILTER, Netlink},
    find, output, walk,
};
use crate::kernel::{
    filter::{Did, Step},
    socket::Error,
};

/// `NFNLGRP_NFTRACE`, the ninth group.
const GROUP: u32 = 1 << 8;

/// How long `nft` may take to add the table.
const PATIENCE: Duration = Duration::from_secs(3);

/// Does something while every packet of the connections from `own` is traced, and tells what the rules did with them, in
/// the order of its happening. Needs CAP_NET_ADMIN.
///
/// # Errors
/// When `nft` is missing or refuses, or the kernel does not know tables that have an owner.
pub fn trace(own: SocketAddr, meanwhile: &mut dyn FnMut()) -> Result<Vec<Step>, Error> {
    let failed = |source| Error::Io { what: "trace a connection through the packet filter", source };
    let mut netlink = Netlink::hear(NETFILTER, GROUP).map_err(failed)?;
    let table = Table::add(own).map_err(failed)?;
    meanwhile();
    let mut stations = Vec::new();
    netlink
        .heard(&mut |message| {
            if message.kind == TRACE {
                stations.extend(heard(message.body));
            }
        })
        .map_err(failed)?;
    // Rules are told by number; their words are those of now, before anything is taken away.
    let rules = output("nft", &["-j", "-a", "list", "ruleset"]).unwrap_or_default();
    let steps = steps(&stations, &rules, &table.name, own.port());
    drop(table);
    Ok(steps)
}

/// What the stations of other tables did.
fn steps(stations: &[Station], rules: &str, ours: &str, port: u16) -> Vec<Step> {
    let mut found = Vec::new();
    let mut answer = false;
    for station in stations {
        if let Some(source) = station.source {
            answer = source != port;
        }
        let Some(did) = station.did.filter(|_| station.table != ours) else { continue };
        let place = (station.family, station.table.as_str(), station.chain.as_str());
        let (family, table, chain) = place;
        let policy = if did == Did::Dropped { "policy drop" } else { "policy accept" };
        let text = match station.handle {
            Some(handle) => walk::named(rules, place, handle)
                .unwrap_or_else(|| format!("rule {handle} (table {family} {table}, chain {chain})")),
            None => format!("{policy} (table {family} {table}, chain {chain})"),
        };
        found.push(Step { text, did, answer });
    }
    found
}

/// The table, which lives as long as this does.
struct Table {
    name: String,
    nft: Child,
    /// Closing it ends `nft` as well, also when nobody is left to drop this.
    orders: Option<ChildStdin>,
}

impl Table {
    fn add(own: SocketAddr) -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("navyd_trace_{}_{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path =
            find("nft").ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "`nft` is not installed"))?;
        // It keeps a history of what is typed in the home folder, which this is not: so it has none.
        let mut nft = Command::new(path)
            .arg("-i")
            .env("LC_ALL", "C")
            .env("HOME", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let orders = nft.stdin.take();
        let (say, told) = mpsc::sync_channel(LINES);
        let out = nft.stdout.take().map(|stream| listen(stream, Ok, say.clone()));
        let err = nft.stderr.take().map(|stream| listen(stream, Err, say));
        // From here on it is ended whatever fails.
        let mut table = Self { name, nft, orders };
        out.transpose()?;
        err.transpose()?;
        table.order(own)?;
        table.wait(&told)?;
        Ok(table)
    }

    fn order(&mut self, own: SocketAddr) -> io::Result<()> {
        let (name, address, port) = (&self.name, own.ip(), own.port());
        let ip = if own.is_ipv4() { "ip" } else { "ip6" };
        let mut text = format!("add table inet {name} {{ flags owner; }}\n");
        // Before every other rule: those at -300 see packets that are not tracked yet.
        for hook in ["output", "prerouting"] {
            text.push_str(&format!(
                "add chain inet {name} {hook} {{ type filter hook {hook} priority -400; }}\n"
            ));
            for (end, side) in [("saddr", "sport"), ("daddr", "dport")] {
                text.push_str(&format!(
                    "add rule inet {name} {hook} {ip} {end} {address} tcp {side} {port} meta nftrace set 1\n"
                ));
            }
        }
        text.push_str(&format!("list table inet {name}\n"));
        let Some(orders) = &mut self.orders else { return Ok(()) };
        orders.write_all(text.as_bytes())?;
        orders.flush()
    }

    /// Until `nft` lists the table, which it does after everything before.
    fn wait(&self, told: &mpsc::Receiver<Result<String, String>>) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        let listed = format!("table inet {} {{", self.name);
        loop {
            match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Ok(line)) if line.starts_with(&listed) => return Ok(()),
                Ok(Err(line)) if line.contains("rror") => {
                    return Err(io::Error::other(format!("`nft`: {line}")));
                }
                Ok(_) => {}
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "`nft` did not add the table")),
            }
        }
    }
}

/// How many lines of `nft` wait to be read: it says a few.
const LINES: usize = 64;

/// Reads what `nft` says until it ends, which [`Table`]'s own end brings about.
fn listen(
    stream: impl io::Read + Send + 'static,
    kind: fn(String) -> Result<String, String>,
    say: mpsc::SyncSender<Result<String, String>>,
) -> io::Result<()> {
    let read = move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            // Nobody waits any more; what it says besides is let go, so that it never waits for us.
            let _ = say.try_send(kind(String::from_utf8_lossy(&line).into_owned()));
        }
    };
    thread::Builder::new().name("nft".into()).spawn(read).map(|_| ())
}

impl Drop for Table {
    fn drop(&mut self) {
        self.orders = None;
        // Once it is waited for, its netlink socket is closed, and the table is gone.
        let _ = self.nft.kill();
        let _ = self.nft.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_are_told_with_the_words_of_their_rules() {
        let rules = r#"{"nftables":[{"rule":{"family":"inet","table":"t","chain":"in","handle":4,
            "expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":3000}},{"drop":null}]}}]}"#;
        let station = |table: &str, handle, did, source| Station {
            family: "inet",
            table: table.into(),
            chain: "in".into(),
            handle,
            did,
            source,
        };
        let told = steps(
            &[
                station("ours", Some(1), Some(Did::Accepted), Some(40000)),
                station("t", Some(3), None, None),
                station("t", Some(4), Some(Did::Dropped), None),
                station("t", Some(9), Some(Did::Passed), Some(3000)),
                station("t", None, Some(Did::Dropped), None),
            ],
            rules,
            "ours",
            40000,
        );
        let told: Vec<_> = told.iter().map(|step| (step.text.as_str(), step.did, step.answer)).collect();
        assert_eq!(
            told,
            [
                ("tcp dport 3000 drop (table inet t, chain in)", Did::Dropped, false),
                ("rule 9 (table inet t, chain in)", Did::Passed, true),
                ("policy drop (table inet t, chain in)", Did::Dropped, true),
            ]
        );
    }
}
