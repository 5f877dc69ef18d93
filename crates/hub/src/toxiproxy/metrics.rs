//! What Prometheus reads: bytes of each proxy, and of this process what can be told on every system.
//!
//! Deliberately absent: the figures of Go's runtime, which this has not.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use super::proxies::Proxies;

/// The content type of the text format.
pub(super) const CONTENT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Which metrics there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) proxies: bool,
    pub(super) process: bool,
}

impl Shown {
    pub(super) fn any(self) -> bool {
        self.proxies || self.process
    }
}

/// All of them that are shown.
pub(super) fn text(proxies: &Proxies, shown: Shown, since: SystemTime) -> String {
    let mut text = String::new();
    if shown.process {
        let seconds = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        family(
            &mut text,
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch.",
        );
        line(&mut text, "process_start_time_seconds", "", seconds);
    }
    if shown.proxies {
        let passed = proxies.passed();
        // Every byte that has come has gone, except for those that toxics hold or drop: both count what has gone.
        for name in ["toxiproxy_proxy_received_bytes_total", "toxiproxy_proxy_sent_bytes_total"] {
            family(&mut text, name, "counter", "");
            for (direction, count) in [("downstream", false), ("upstream", true)] {
                for (proxy, passed) in &passed {
                    let labels = format!(
                        "{{direction=\"{direction}\",listener=\"{}\",proxy=\"{}\",upstream=\"{}\"}}",
                        escaped(&proxy.listen),
                        escaped(&proxy.name),
                        escaped(&proxy.upstream),
                    );
                    line(&mut text, name, &labels, if count { passed.up } else { passed.down });
                }
            }
        }
    }
    text
}

/// Writing to a text cannot fail.
fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

/// The value of a label, as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_between_their_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
