//! Settings and counters of this network namespace, from `/proc/sys/net` and `/proc/net`
//! (`Documentation/networking/ip-sysctl.rst`).

use std::{fs, io, str::FromStr};

use crate::kernel::settings::{Lost, Read, Settings, Tracked};

const V4: &str = "/proc/sys/net/ipv4/conf";

/// What the kernel says now.
pub fn settings() -> Settings {
    Settings {
        without_v6: without_v6(),
        v6_alone: if_there("/proc/sys/net/ipv6/bindv6only")
            .map(|number: Option<u8>| number.map(|set| set != 0)),
        lets_loopback_in: lets_loopback_in(),
        source_check: number(&format!("{V4}/all/rp_filter")),
        tracked: tracked(),
        longest_queue: number("/proc/sys/net/core/somaxconn"),
        lost: text("/proc/net/netstat")
            .and_then(|text| lost(&text).ok_or_else(|| unknown("/proc/net/netstat"))),
        time_wait: text("/proc/net/sockstat")
            .and_then(|text| time_wait(&text).ok_or_else(|| unknown("/proc/net/sockstat"))),
        reuse: number("/proc/sys/net/ipv4/tcp_tw_reuse"),
    }
}

/// A device is without IPv6 when it, or every device, is set so.
fn without_v6() -> Read<Option<bool>> {
    let off = |device: &str| if_there::<u8>(&format!("/proc/sys/net/ipv6/conf/{device}/disable_ipv6"));
    let (lo, all) = (off("lo")?, off("all")?);
    Ok(lo.or(all).is_some().then_some([lo, all].contains(&Some(1))))
}

/// The kernel takes a device's own setting or that for `all`, whichever is set; `default` is for devices to come.
fn lets_loopback_in() -> Read<Vec<String>> {
    let folders = fs::read_dir(V4).map_err(|error| format!("`{V4}`: {error}"))?;
    let mut names: Vec<String> =
        folders.flatten().map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !["lo", "default"].contains(&name.as_str()));
    names.retain(|name| number::<u8>(&format!("{V4}/{name}/route_localnet")) == Ok(1));
    names.sort();
    Ok(names)
}

fn tracked() -> Read<Option<Tracked>> {
    let of = |name: &str| if_there::<u64>(&format!("/proc/sys/net/netfilter/nf_conntrack_{name}"));
    let (Some(count), Some(max)) = (of("count")?, of("max")?) else { return Ok(None) };
    Ok(Some(Tracked { count, max }))
}

/// `TcpExt:` has a line of names, and below it a line of numbers.
pub(super) fn lost(text: &str) -> Option<Lost> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let of = |name: &str| {
        let at = names.split_whitespace().position(|found| found == name)?;
        numbers.split_whitespace().nth(at)?.parse().ok()
    };
    Some(Lost { overflows: of("ListenOverflows")?, drops: of("ListenDrops")? })
}

/// `TCP: inuse 4 orphan 0 tw 2 alloc 5 mem 0`.
pub(super) fn time_wait(text: &str) -> Option<u32> {
    let line = text.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace().skip_while(|word| *word != "tw");
    words.nth(1)?.parse().ok()
}

fn number<T: FromStr>(path: &str) -> Read<T> {
    text(path)?.trim().parse().map_err(|_| unknown(path))
}

/// A number, or `None` where the kernel has no such setting.
fn if_there<T: FromStr>(path: &str) -> Read<Option<T>> {
    match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| unknown(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("`{path}`: {error}")),
    }
}

fn text(path: &str) -> Read<String> {
    fs::read_to_string(path).map_err(|error| format!("`{path}`: {error}"))
}

fn unknown(path: &str) -> String {
    format!("`{path}` is not as it is documented")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_as_the_kernel_writes_them() {
        for (text, expected) in [
            ("TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 5 7\nIpExt: B\nIpExt: 2\n", Some((5, 7))),
            ("IpExt: B\nIpExt: 2\nTcpExt: ListenDrops ListenOverflows\nTcpExt: 7 5\n", Some((5, 7))),
            ("TcpExt: ListenOverflows ListenDrops\nTcpExt: 5\n", None),
            ("TcpExt: ListenOverflows ListenDrops\n", None),
            ("TcpExt: A\nTcpExt: 1\n", None),
            ("", None),
        ] {
            assert_eq!(lost(text).map(|lost| (lost.overflows, lost.drops)), expected, "{text}");
        }
        for (text, expected) in [
            ("sockets: used 9\nTCP: inuse 4 orphan 0 tw 2 alloc 5 mem 0\nUDP: inuse 0 mem 0\n", Some(2)),
            ("TCP: inuse 4 tw\n", None),
            ("TCP: inuse 4 tw x\n", None),
            ("UDP: inuse 0 tw 3\n", None),
        ] {
            assert_eq!(time_wait(text), expected, "{text}");
        }
    }

    #[test]
    fn this_kernel_is_read() {
        let settings = settings();
        assert!(settings.lost.is_ok() && settings.time_wait.is_ok(), "{settings:?}");
        assert!(settings.longest_queue.is_ok_and(|longest| longest > 0));
    }
}
