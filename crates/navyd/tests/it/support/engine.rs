//! Container engines with a store of their own, and real containers of one program.
//!
//! An image is a statically linked busybox and nothing else, so nothing is fetched. Every container, its store
//! and, for Docker, the daemon and its network namespace vanish with the test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{child::Held, is_root, namespace::Namespace, program, run::run, skip, temp::TempDir};

/// What the image is called.
pub(crate) const IMAGE: &str = "localhost/navyd-test:1";

/// Podman, with all its files in one directory.
pub(crate) struct Podman {
    folder: TempDir,
}

impl Podman {
    /// Makes its store and image; says why the test is skipped where it cannot be had.
    pub(crate) fn new(test: &str) -> Option<Self> {
        lacks_nothing(test, &["podman", "runc", "conmon", "busybox"]).then_some(())?;
        let podman = Self { folder: TempDir::new() };
        let place = podman.folder.path().display();
        // Lower limits than the machine's own: raising them is refused inside some sandboxes.
        let engine = format!(
            "[containers]\ndefault_ulimits = [\"nofile=1000:1000\", \"nproc=1000:1000\"]\n\
             [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\nruntime = \"runc\"\n\
             tmp_dir = \"{place}/tmp\"\nstatic_dir = \"{place}/static\"\n"
        );
        let store = format!(
            "[storage]\ndriver = \"vfs\"\nrunroot = \"{place}/run\"\ngraphroot = \"{place}/store\"\n"
        );
        podman.folder.write("containers.conf", engine);
        podman.folder.write("storage.conf", store);
        let archive = archive(podman.folder.path());
        let made = run(podman.told(Command::new("podman")).arg("import").arg(archive).arg(IMAGE));
        assert_eq!(made.status, Some(0), "{}", made.stderr);
        Some(podman)
    }

    /// The command, told where this engine's files are; so may navyd be, which runs `podman` itself.
    pub(crate) fn told(&self, mut command: Command) -> Command {
        for (name, file) in
            [("CONTAINERS_CONF", "containers.conf"), ("CONTAINERS_STORAGE_CONF", "storage.conf")]
        {
            command.env(name, self.folder.path().join(file));
        }
        command
    }

    /// A container in which busybox serves files at `address:port`; once this returns, it listens.
    pub(crate) fn serve(&self, network: &str, listen: &str) -> Held {
        let mut command = self.told(Command::new("podman"));
        command.args([
            "run",
            "--network",
            network,
            "--stop-signal",
            "KILL",
            IMAGE,
            "/bin/busybox",
            "sh",
            "-c",
        ]);
        serving(command.arg(script(listen)))
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        run(self.told(Command::new("podman")).args(["rm", "--all", "--force", "--time", "0"]));
    }
}

/// Docker's own daemon, in a network namespace of its own.
pub(crate) struct Docker {
    daemon: Held,
    namespace: Namespace,
    folder: TempDir,
}

impl Docker {
    /// Starts it; says why the test is skipped where it cannot be had.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let needs = ["docker", "dockerd", "docker-proxy", "containerd", "runc", "busybox", "nsenter"];
        lacks_nothing(test, &needs).then_some(())?;
        let namespace = Namespace::new(test)?;
        let folder = TempDir::new();
        let place = folder.path().display();
        // It tells on stderr when it is ready; only stdout is read here.
        let mut inside = inside(&namespace);
        let script = format!(
            "exec dockerd --iptables=false --ip6tables=false --ip-forward=false --storage-driver vfs --tls=false \
             --data-root {place}/data --exec-root {place}/run --pidfile {place}/pid \
             -H unix://{place}/docker.sock -H tcp://127.0.0.1:2375 2>&1"
        );
        let mut daemon = Held::start(inside.args(["sh", "-c", &script]));
        while !daemon.line().contains("API listen on 127.0.0.1:2375") {}
        let docker = Self { daemon, namespace, folder };
        let archive = archive(docker.folder.path());
        let made = run(docker.told(Command::new("docker")).arg("import").arg(archive).arg(IMAGE));
        assert_eq!(made.status, Some(0), "{}", made.stderr);
        Some(docker)
    }

    /// The command, told where this daemon is.
    pub(crate) fn told(&self, mut command: Command) -> Command {
        let socket = format!("unix://{}/docker.sock", self.folder.path().display());
        command.env("DOCKER_HOST", socket).env("DOCKER_CONFIG", self.folder.path());
        command
    }

    /// A command in the daemon's network namespace, told where the daemon is. Its mounts are the machine's.
    pub(crate) fn inside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = inside(&self.namespace);
        command.arg(program);
        self.told(command)
    }

    /// A container in which busybox serves files at `listen`, with more flags of `docker run`.
    pub(crate) fn serve(&self, flags: &[&str], listen: &str) -> Held {
        let mut command = self.told(Command::new("docker"));
        command.args(["run", "--ulimit", "nofile=1000:1000", "--stop-signal", "KILL"]).args(flags);
        serving(command.args([IMAGE, "/bin/busybox", "sh", "-c", &script(listen)]))
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let every = run(self.told(Command::new("docker")).args(["ps", "-aq"]));
        for id in every.stdout.lines() {
            run(self.told(Command::new("docker")).args(["rm", "-f", id]));
        }
        // Ended in order, it ends its own containerd and lets go of its mounts.
        let ended = Command::new("kill").args(["-TERM", &self.daemon.pid().to_string()]).status();
        if ended.is_ok_and(|status| status.success()) {
            self.daemon.wait();
        }
    }
}

/// Whether these programs are here and this is root; says so where not.
fn lacks_nothing(test: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|name| program(name).is_none());
    let reason = match missing {
        Some(name) => format!("`{name}` is not installed"),
        None if !is_root() => "a container with a network of the machine needs root".to_owned(),
        None => return true,
    };
    skip(test, &reason);
    false
}

/// An image: busybox, as a container engine imports it.
fn archive(folder: &Path) -> PathBuf {
    let (root, archive) = (folder.join("image"), folder.join("image.tar"));
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::copy(program("busybox").expect("it was looked for"), root.join("bin/busybox")).unwrap();
    let made = run(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg("."));
    assert_eq!(made.status, Some(0), "{}", made.stderr);
    archive
}

/// busybox goes to the background once it listens.
fn script(listen: &str) -> String {
    format!("/bin/busybox httpd -p {listen} && echo ready && exec /bin/busybox sleep 1000")
}

fn serving(command: &mut Command) -> Held {
    let mut container = Held::start(command);
    assert_eq!(container.line(), "ready");
    container
}

fn inside(namespace: &Namespace) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net=/run/netns/{}", namespace.name()));
    command
}
