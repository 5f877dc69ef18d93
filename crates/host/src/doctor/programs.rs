//! Reads the programs that listen, and of each only what a row judges.

use std::{
    collections::{BTreeMap, HashSet},
    env,
};

use super::{
    Told,
    facts::{OpenFiles, Owner, PROXY_VARIABLES, Proxy},
};
use crate::{
    kernel::{self, Query, States, Transport},
    process::{self, Describer, Owners},
};

/// The most programs that are looked at.
const MOST: usize = 256;

/// The programs that hold a TCP listener of this network namespace.
pub(super) fn gather() -> Told<Vec<Owner>> {
    let query = Query::new(Transport::Tcp, States::LISTEN);
    let sockets = kernel::sockets(&query).map_err(|error| error.to_string())?.sockets;
    let inodes: HashSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
    let owners = Owners::of(&inodes, |_| ());
    let mut ports: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
    for socket in &sockets {
        let mut pids: Vec<u32> = owners.holders(socket.inode).iter().map(|hold| hold.pid).collect();
        pids.extend(&socket.pids);
        pids.sort_unstable();
        pids.dedup();
        for pid in &pids {
            let alone = ports.entry(*pid).or_default();
            alone.extend((pids.len() == 1).then_some(socket.local.port()));
        }
    }
    let mut describer = Describer::new();
    Ok(ports.into_iter().take(MOST).filter_map(|(pid, alone)| owner(pid, alone, &mut describer)).collect())
}

/// This process' own variables.
pub(super) fn own_proxy() -> Proxy {
    let value = |name: &&str| Some(((*name).to_owned(), env::var_os(name)?.to_string_lossy().into_owned()));
    Proxy(PROXY_VARIABLES.iter().filter_map(value).filter(|(_, value)| !value.is_empty()).collect())
}

fn owner(pid: u32, mut alone: Vec<u16>, describer: &mut Describer) -> Option<Owner> {
    // A process may have ended since.
    let name = describer.holder(pid, &[])?.name;
    alone.sort_unstable();
    alone.dedup();
    let files = process::descriptors(pid).map(|(open, limit)| OpenFiles { open, limit });
    let proxy = process::variables(pid, &PROXY_VARIABLES)
        .map(|found| {
            let text =
                |(name, value): (String, Vec<u8>)| (name, String::from_utf8_lossy(&value).into_owned());
            Proxy(found.into_iter().map(text).filter(|(_, value)| !value.is_empty()).collect())
        })
        .ok_or_else(|| format!("the environment of `{name}` (pid {pid}) may not be read"));
    Some(Owner { pid, name, files, proxy, alone })
}
