//! Listeners and connections as comma-separated values: the fields of JSON that are flat, under the same names.

use std::io::{self, Write};

use navyd_model::{Connection, Holder, Listener};

use super::rows::state;
use crate::out::csv;

const LISTENER: [&str; 22] = [
    "proto",
    "address",
    "port",
    "path",
    "device",
    "state",
    "exposure",
    "v6only",
    "cookie",
    "uid",
    "owner_unknown",
    "pids",
    "name",
    "exe",
    "user",
    "started_at",
    "project",
    "branch",
    "speaks",
    "iana",
    "usually",
    "note",
];

const CONNECTION: [&str; 14] = [
    "proto",
    "local_address",
    "local_port",
    "remote_address",
    "remote_port",
    "state",
    "cookie",
    "uid",
    "pids",
    "name",
    "bytes_sent",
    "bytes_received",
    "round_trip_ms",
    "retransmits",
];

/// One record for each listener, below the names of the fields. Name, program and user are those of the first
/// holder.
pub(super) fn listeners(sink: &mut dyn Write, listeners: &[Listener]) -> io::Result<()> {
    csv::record(sink, LISTENER)?;
    for listener in listeners {
        let holder = listener.holders.first();
        let project = listener.project();
        let fields: [String; LISTENER.len()] = [
            listener.proto.as_str().into(),
            known(listener.address),
            known(listener.port),
            known(listener.path.as_ref()),
            known(listener.device.as_ref()),
            state(listener.state).into(),
            listener.exposure.as_str().into(),
            known(listener.v6only),
            known(listener.cookie),
            known(listener.uid),
            known(listener.owner_unknown.map(|reason| reason.as_str())),
            pids(&listener.holders),
            known(holder.map(|holder| &holder.name)),
            known(holder.and_then(|holder| holder.exe.as_ref())),
            known(holder.and_then(|holder| holder.user.as_ref())),
            known(holder.and_then(|holder| holder.started_at)),
            known(project.map(|project| &project.name)),
            known(project.and_then(|project| project.branch.as_ref())),
            known(listener.speaks.as_ref().and_then(|speaks| speaks.protocol.as_ref())),
            known(listener.names.iana.as_ref()),
            known(listener.names.usually.as_ref()),
            known(listener.note.as_ref()),
        ];
        csv::record(sink, fields.iter().map(String::as_str))?;
    }
    Ok(())
}

/// One record for each connection, below the names of the fields.
pub(super) fn connections(sink: &mut dyn Write, connections: &[Connection]) -> io::Result<()> {
    csv::record(sink, CONNECTION)?;
    for connection in connections {
        let fields: [String; CONNECTION.len()] = [
            connection.proto.as_str().into(),
            connection.local.ip().to_string(),
            connection.local.port().to_string(),
            connection.remote.ip().to_string(),
            connection.remote.port().to_string(),
            state(connection.state).into(),
            known(connection.cookie),
            known(connection.uid),
            pids(&connection.holders),
            known(connection.holders.first().map(|holder| &holder.name)),
            known(connection.bytes_sent),
            known(connection.bytes_received),
            known(connection.round_trip_ms),
            known(connection.retransmits),
        ];
        csv::record(sink, fields.iter().map(String::as_str))?;
    }
    Ok(())
}

/// What is unknown is empty.
fn known(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn pids(holders: &[Holder]) -> String {
    holders.iter().map(|holder| holder.pid.to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::*, *};

    #[test]
    fn a_hostile_name_stays_in_its_field() {
        let mut listener = held("127.0.0.1", 3000, 812, "=cmd|'/c calc',\"x\"\n\u{202e}");
        listener.holders.push(held_by(813, "node"));
        let mut sink = Vec::new();
        listeners(&mut sink, &[listener]).unwrap();
        let text = String::from_utf8(sink).unwrap();
        let expected = "tcp,127.0.0.1,3000,,,listen,loopback,,,,,812 813,\
                        \"'=cmd|'/c calc',\"\"x\"\"\\n\\u{202e}\",,,,,,,,,";
        assert_eq!(text.split("\r\n").collect::<Vec<_>>(), [&LISTENER.join(","), expected, ""]);
    }
}
