//! Servers that end with their test.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

/// How long a server may take to start: slow machines initialise a database in half of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A user without rights, for servers that refuse to run as root.
const NOBODY: u32 = 65_534;

/// Where a program is; says why the test is skipped when it is nowhere.
pub(crate) fn program(test: &str, name: &str) -> Option<PathBuf> {
    let postgresql = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let own = postgresql.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = own.chain(env::split_paths(&path)).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("{}", format_args!("skipped: {test}: `{name}` is not installed"));
    }
    found
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Makes a command run without rights where this process has them all.
pub(crate) fn without_rights(command: &mut Command, folder: &Folder) {
    if is_root() {
        folder.give_away(folder.path());
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder.path());
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A directory that vanishes with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static TURN: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.fetch_add(1, Ordering::SeqCst);
        let path = env::temp_dir().join(format!("navyd-decode-{}-{turn}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives something in it to the user without rights, where servers run as that.
    pub(crate) fn give_away(&self, path: &Path) {
        if is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    _log: Receiver<String>,
}

impl Server {
    /// Starts a command, and waits until it says `ready` on either output.
    pub(crate) fn start(command: &mut Command, ready: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, log) = channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    // Nobody may listen any more, and the server must not be held up.
                    let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
                }
            });
        }
        let (deadline, mut said) = (Instant::now() + PATIENCE, Vec::new());
        loop {
            match log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(ready) => return Self { child, _log: log },
                Ok(line) => said.push(line),
                Err(_) => {
                    let _ = child.kill();
                    panic!("`{ready}` was never said: {}", said.join("\n"));
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The data of the server goes with it, so that nothing has to be ended in order; PostgreSQL's processes leave
        // when their parent has gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
