//! One pair of eyes for all services: who lives in each tree, and where they listen.
//!
//! One look at every process and socket serves every service, however many start at once. It is quick while one
//! of them starts or ends, slow while they just run, and rests while there are none. Deliberately absent: what a
//! look means for a service.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use navyd_host::{
    kernel::{self, Query, States, Transport},
    process,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::tree::{Key, Root, Sorted, Trees};
use crate::os;

/// The environment variable that tells to which service of which hub a process belongs.
pub(crate) const MARK: &str = "NAVYD_OWNER";

/// Between looks while a service starts or ends: this at first, and longer the longer it takes.
const QUICK: Duration = Duration::from_millis(10);
const SLOWEST: Duration = Duration::from_millis(250);
/// While services just run.
const STEADY: Duration = Duration::from_secs(2);

/// What a look showed.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// Counts looks.
    pub(super) number: u64,
    pub(super) sorted: Sorted,
    /// Where each tree listens.
    pub(super) listens: HashMap<Key, Vec<SocketAddr>>,
}

/// Looks. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Looker {
    eyes: Arc<Eyes>,
    picture: watch::Receiver<Arc<Picture>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Eyes {
    /// What the mark of this hub's services begins with.
    owner: String,
    roots: Mutex<Vec<Root>>,
    trees: Mutex<Trees>,
    /// The number of the last look that began.
    begun: AtomicU64,
    hurrying: AtomicUsize,
    wake: Notify,
}

/// Makes looks quick while it lives.
#[derive(Debug)]
pub(super) struct Hurry(Arc<Eyes>);

impl Looker {
    /// Begins to look after what is enrolled. Needs a tokio runtime.
    pub(super) fn start(owner: String) -> Self {
        let eyes = Arc::new(Eyes {
            owner,
            roots: Mutex::default(),
            trees: Mutex::default(),
            begun: AtomicU64::new(0),
            hurrying: AtomicUsize::new(0),
            wake: Notify::new(),
        });
        let (show, picture) = watch::channel(Arc::new(Picture::default()));
        let task = tokio::spawn(watch(Arc::clone(&eyes), show));
        Self { eyes, picture, task }
    }

    /// The mark that a service's processes carry.
    pub(super) fn mark(&self, key: Key) -> String {
        format!("{}{key}", self.eyes.owner)
    }

    /// Starts a first process. No look can happen between its start and its enrolment, so that it is never taken
    /// for an orphan.
    pub(super) fn enrol<T, E>(&self, key: Key, start: impl FnOnce() -> Result<(u32, T), E>) -> Result<T, E> {
        let mut roots = self.eyes.roots.lock().unwrap_or_else(PoisonError::into_inner);
        let (pid, started) = start()?;
        roots.push(Root { key, pid });
        Ok(started)
    }

    /// Forgets a first process that has been waited for.
    pub(super) fn dismiss(&self, pid: u32) {
        self.eyes.roots.lock().unwrap_or_else(PoisonError::into_inner).retain(|root| root.pid != pid);
    }

    /// The pictures, as they come.
    pub(super) fn pictures(&self) -> watch::Receiver<Arc<Picture>> {
        self.picture.clone()
    }

    /// A picture of a look that begins after this call.
    pub(super) async fn fresh(&self) -> Arc<Picture> {
        let wanted = self.eyes.begun.load(Ordering::SeqCst) + 1;
        self.eyes.wake.notify_one();
        let mut pictures = self.pictures();
        match pictures.wait_for(|picture| picture.number >= wanted).await {
            Ok(picture) => Arc::clone(&picture),
            // The looker ends with its owner: then nothing is left to be seen.
            Err(_) => Arc::default(),
        }
    }

    /// Looks are quick until this is dropped.
    pub(super) fn hurry(&self) -> Hurry {
        self.eyes.hurrying.fetch_add(1, Ordering::SeqCst);
        self.eyes.wake.notify_one();
        Hurry(Arc::clone(&self.eyes))
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Hurry {
    fn drop(&mut self) {
        self.0.hurrying.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn watch(eyes: Arc<Eyes>, show: watch::Sender<Arc<Picture>>) {
    let mut hurried: Option<Instant> = None;
    loop {
        let rest = if eyes.hurrying.load(Ordering::SeqCst) > 0 {
            let since = hurried.get_or_insert_with(Instant::now).elapsed();
            // A tenth of what it has taken so far: late by a tenth at most.
            Some((since / 10).clamp(QUICK, SLOWEST))
        } else {
            hurried = None;
            (!show.borrow().sorted.is_empty() || !eyes.roots().is_empty()).then_some(STEADY)
        };
        tokio::select! {
            () = eyes.wake.notified() => {}
            () = async { sleep(rest.unwrap_or_default()).await }, if rest.is_some() => {}
        }
        let number = eyes.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let looking = Arc::clone(&eyes);
        // A look that failed would be a fault of ours; the next one comes.
        let Ok(picture) = tokio::task::spawn_blocking(move || looking.look(number)).await else { continue };
        if show.send(Arc::new(picture)).is_err() {
            return;
        }
    }
}

impl Eyes {
    fn roots(&self) -> Vec<Root> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look(&self, number: u64) -> Picture {
        // Held until the dead are buried: nothing can be started, and so nothing new be taken for an orphan.
        let roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        let members = process::census();
        let marked = |pid| {
            let mark = process::environment(pid, MARK)?;
            std::str::from_utf8(&mark).ok()?.strip_prefix(&self.owner)?.parse().ok()
        };
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let sorted = trees.sort(&members, std::process::id(), &roots, marked);
        for pid in &sorted.dead {
            os::bury(*pid);
        }
        drop((roots, trees));
        Picture { number, listens: listens(&sorted), sorted }
    }
}

/// Where the processes of each tree listen.
fn listens(sorted: &Sorted) -> HashMap<Key, Vec<SocketAddr>> {
    let mut found: HashMap<Key, Vec<SocketAddr>> = HashMap::new();
    if sorted.trees.is_empty() {
        return found;
    }
    // A table that cannot be read shows nobody listening: what waits for that is late, and says so.
    let Ok(table) = kernel::sockets(&Query::new(Transport::Tcp, States::LISTEN)) else { return found };
    let keys: HashMap<u32, Key> =
        sorted.trees.iter().flat_map(|(key, tree)| tree.iter().map(|member| (member.pid, *key))).collect();
    let pids: Vec<u32> = keys.keys().copied().collect();
    let inodes: HashMap<u64, Key> = process::inodes(&pids)
        .into_iter()
        .filter_map(|(pid, inode)| Some((inode, *keys.get(&pid)?)))
        .collect();
    for socket in table.sockets {
        let by_pid = || socket.pids.iter().find_map(|pid| keys.get(pid));
        let Some(key) = inodes.get(&socket.inode).or_else(by_pid) else { continue };
        let addresses = found.entry(*key).or_default();
        if !addresses.contains(&socket.local) {
            addresses.push(socket.local);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, process::Stdio};

    use super::*;

    #[tokio::test]
    async fn a_tree_is_seen_with_where_it_listens() {
        let looker = Looker::start("looker-test:".into());
        // Handed over as its input, the socket is the child's.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut child = looker
            .enrol(7, || {
                let mut command = tokio::process::Command::new("sleep");
                command
                    .arg("60")
                    .stdin(os::as_input(listener).unwrap())
                    .stdout(Stdio::null())
                    .kill_on_drop(true);
                os::lead_group(&mut command);
                command.spawn().map(|child| (child.id().unwrap(), child))
            })
            .unwrap();
        let hurry = looker.hurry();
        let picture = looker.fresh().await;
        assert_eq!(picture.listens.get(&7), Some(&vec![address]));
        assert_eq!(picture.sorted.trees[&7].len(), 1);
        child.kill().await.unwrap();
        looker.dismiss(picture.sorted.trees[&7][0].pid);
        drop(hurry);
        assert!(looker.fresh().await.sorted.trees.is_empty());
    }
}
