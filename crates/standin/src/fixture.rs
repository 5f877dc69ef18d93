//! For tests: a stand-in on a thread of its own, asked in bytes; and a folder.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    rc::Rc,
    thread,
    time::Duration,
};

use crate::{Door, Stand, Stopper, Talk, stopper};

/// How long a test waits for bytes before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of a test's own, which goes with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// An empty one. `name` is that of the test: no two at one time have the same.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("navyd-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("our own folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A stand-in that ends with this.
pub(crate) struct Standing {
    /// Its port on the loopback device.
    pub(crate) port: u16,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

impl Standing {
    /// One that talks so.
    pub(crate) fn new(talk: impl FnOnce() -> Rc<dyn Talk> + Send + 'static) -> Self {
        let door = Door::loopback(0).expect("a port is free");
        let (port, (stopper, stop)) = (door.port(), stopper());
        let run = move || Stand::new().answering(door, None, talk()).run(stop).expect("it stands");
        Self { port, stopper, thread: Some(thread::spawn(run)) }
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        stream
    }

    /// All that is answered to these bytes, until the connection ends.
    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().map(thread::JoinHandle::join);
    }
}
