//! Everything that is told of one holder.

use std::{
    collections::HashMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use navyd_model::{Holder, Project};

use super::{
    entry::Entry,
    kin::{Kindred, Known},
    stat::Clock,
    text::{lossy, raw},
    users::Users,
};
use crate::process::{
    framework,
    project::{self, Manifests},
    supervisor::{self, Kin},
};

/// Describes processes, and remembers what several of them share: users, parents, projects.
///
/// Good for one look at the machine: the next look takes a new one, because branches are checked out and
/// process ids are used again.
pub struct Describer {
    users: Users,
    clock: Clock,
    own_cgroup: String,
    kindred: Kindred,
    places: HashMap<PathBuf, Arc<Place>>,
}

/// What is known of a working directory.
#[derive(Default)]
struct Place {
    project: Option<Project>,
    manifests: Manifests,
}

impl Default for Describer {
    fn default() -> Self {
        Self::new()
    }
}

impl Describer {
    /// Reads what every description needs.
    pub fn new() -> Self {
        Self {
            users: Users::read(),
            clock: Clock::read(),
            own_cgroup: Entry::open(std::process::id()).map(|own| own.cgroup()).unwrap_or_default(),
            kindred: Kindred::default(),
            places: HashMap::new(),
        }
    }

    /// The process that holds a socket by the descriptors `fds`. `None` when it is gone; what may not be read,
    /// such as another user's executable, stays `None` inside.
    pub fn holder(&mut self, pid: u32, fds: &[u32]) -> Option<Holder> {
        let entry = Entry::open(pid)?;
        let uid = entry.effective_user();
        let known = Arc::new(Known::read(pid, &entry)?);
        self.kindred.learn(&known);
        let cwd = entry.link("cwd");
        let place = match &cwd {
            Some(cwd) if !cwd.deleted => self.place(pid, &entry, &cwd.path),
            _ => Arc::default(),
        };
        let parents = self.kindred.parents(pid);
        let kin: Vec<Kin> = parents.iter().map(|parent| parent.kin.clone()).collect();
        let exe_path = known.exe.as_ref().map(|link| link.path.as_slice());
        let cwd_path = cwd.as_ref().map(|link| link.path.as_slice());
        Some(Holder {
            pid,
            name: known.kin.launch.name.clone(),
            exe: exe_path.map(lossy),
            argv: known.argv.is_some().then(|| known.kin.launch.argv.clone()),
            uid,
            user: uid.and_then(|uid| self.users.name(uid)),
            started_at: self.clock.at(known.stat.started),
            cwd: cwd_path.map(lossy),
            cwd_deleted: cwd.as_ref().map(|link| link.deleted),
            exe_deleted: known.exe.as_ref().map(|link| link.deleted),
            project: place.project.clone(),
            framework: framework::of(&known.kin.launch, &place.manifests).map(str::to_owned),
            ancestors: parents.iter().map(|parent| parent.ancestor()).collect(),
            supervisor: supervisor::of(&known.kin, &kin, &entry.cgroup(), &self.own_cgroup),
            fds: fds.to_vec(),
            raw: raw(&known.name, exe_path, known.argv.as_deref(), cwd_path),
        })
    }

    /// What is known of a working directory, read once. A path means something else to a process with a root
    /// directory of its own, as in a container: then it is looked for below that root.
    fn place(&mut self, pid: u32, entry: &Entry, cwd: &[u8]) -> Arc<Place> {
        let path = Path::new(OsStr::from_bytes(cwd));
        let shared = entry.leads_to("cwd", cwd);
        let root = if shared { PathBuf::new() } else { PathBuf::from(format!("/proc/{pid}/root")) };
        // The separator keeps `/a` of this root apart from `/a` of another.
        let key = root.join("./").join(path.strip_prefix("/").unwrap_or(path));
        let read = || {
            let project = project::below(&root, path);
            let manifests = project.as_ref().map(|project| Manifests::read(&root, path, project));
            Arc::new(Place { project, manifests: manifests.unwrap_or_default() })
        };
        self.places.entry(key).or_insert_with(read).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::OsString,
        fs,
        io::{BufRead, BufReader, Write},
        os::unix::{ffi::OsStringExt, process::CommandExt},
        process::{Child, Command, Stdio},
    };

    use jiff::{Timestamp, ToSpan};
    use navyd_model::{ProjectKind, SupervisorKind};

    use super::*;
    use crate::process::scratch::Scratch;

    /// A child that waits for input, and ends with the test.
    struct Waiter(Child);

    impl Waiter {
        /// A copy of `cat`, or `cat` itself.
        fn new(program: &Path, dir: &Path) -> Self {
            Self::spawn(Command::new(program).arg("-").current_dir(dir))
        }

        /// Returns once the child has answered: before that its arguments may not be in place.
        fn spawn(command: &mut Command) -> Self {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.as_mut().unwrap().write_all(b"ready\n").unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n");
            Self(child)
        }

        fn describe(&self) -> Holder {
            Describer::new().holder(self.0.id(), &[3, 5]).unwrap()
        }
    }

    impl Drop for Waiter {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn cat() -> PathBuf {
        let found = ["/usr/bin/cat", "/bin/cat"].iter().find_map(|path| fs::canonicalize(path).ok());
        found.unwrap()
    }

    #[test]
    fn a_child_in_a_project() {
        let scratch = Scratch::new();
        scratch.write("shop/.git/HEAD", "ref: refs/heads/cart\n");
        scratch.write("shop/package.json", r#"{"name": "@acme/shop", "dependencies": {"express": "5"}}"#);
        scratch.write("shop/src/empty", "");
        let child = Waiter::new(&cat(), &scratch.path("shop/src"));
        let holder = child.describe();
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(holder.pid, child.0.id());
        assert_eq!(holder.fds, [3, 5]);
        assert_eq!(holder.uid, Some(own));
        assert_eq!(holder.user, Users::read().name(own));
        assert_eq!(holder.exe.as_deref(), cat().to_str());
        assert_eq!(holder.argv.unwrap()[1..], ["-"]);
        assert_eq!(holder.cwd.as_deref(), scratch.path("shop/src").to_str());
        assert_eq!((holder.exe_deleted, holder.cwd_deleted), (Some(false), Some(false)));
        assert_eq!(holder.raw, None);
        assert_eq!(holder.framework, None, "`cat` runs no package.json");
        assert_eq!(holder.ancestors[0].pid, std::process::id());
        let project = holder.project.unwrap();
        assert_eq!((project.name.as_str(), project.kind), ("@acme/shop", ProjectKind::Git));
        assert_eq!(project.branch.as_deref(), Some("cart"));
        // The boot time has whole seconds, and a clock that was set since then moves it.
        let age = Timestamp::now() - holder.started_at.unwrap();
        assert!(age.compare(1.hour()).unwrap().is_lt(), "{age}");
        let opened = crate::process::Process::open(child.0.id()).unwrap();
        assert_eq!(opened.started_at(), holder.started_at);
    }

    #[test]
    fn names_of_any_bytes() {
        let scratch = Scratch::new();
        for (name, is_text) in [(&b"\x1b[31m\nred"[..], true), (b"bad\xff\xfe", false), (b"a) R 1 (b", true)]
        {
            let program = scratch.copy(&cat(), OsString::from_vec(name.to_vec()));
            let holder = Waiter::new(&program, scratch.root()).describe();
            assert_eq!(holder.name, lossy(name));
            assert_eq!(holder.argv.as_ref().unwrap().len(), 2);
            assert_eq!(holder.raw.is_none(), is_text);
            if let Some(raw) = holder.raw {
                assert_eq!(raw.name.as_deref(), Some("YmFk//4="));
                assert!(raw.exe.is_some() && raw.argv.is_some_and(|argv| argv[1] == "LQ=="));
                assert_eq!(raw.cwd, None);
            }
        }
    }

    #[test]
    fn what_was_removed_is_told_from_what_is_named_so() {
        let scratch = Scratch::new();
        for below in ["gone", "gone (deleted)", "kept (deleted)"] {
            scratch.write(&format!("{below}/.git/HEAD"), "ref: refs/heads/main\n");
            scratch.copy(&cat(), format!("{below}/napper"));
            scratch.copy(&cat(), format!("{below}/napper (deleted)"));
        }
        let removed = Waiter::new(&scratch.path("gone/napper"), &scratch.path("gone"));
        let kept =
            Waiter::new(&scratch.path("kept (deleted)/napper (deleted)"), &scratch.path("kept (deleted)"));
        fs::remove_dir_all(scratch.path("gone")).unwrap();

        let holder = removed.describe();
        assert_eq!((holder.exe_deleted, holder.cwd_deleted), (Some(true), Some(true)));
        assert_eq!(holder.exe.as_deref(), scratch.path("gone/napper").to_str());
        assert_eq!(holder.cwd.as_deref(), scratch.path("gone").to_str());
        assert_eq!((holder.name.as_str(), holder.project), ("napper", None));

        let holder = kept.describe();
        assert_eq!((holder.exe_deleted, holder.cwd_deleted), (Some(false), Some(false)));
        assert_eq!(holder.name, "napper (deleted)");
        assert_eq!(holder.cwd.as_deref(), scratch.path("kept (deleted)").to_str());
    }

    #[test]
    fn an_executable_replaced_by_a_new_build_is_told() {
        let scratch = Scratch::new();
        let program = scratch.copy(&cat(), "server");
        let child = Waiter::new(&program, scratch.root());
        fs::rename(scratch.copy(&cat(), "new"), &program).unwrap();
        assert_eq!(child.describe().exe_deleted, Some(true));
    }

    #[test]
    fn an_interpreter_goes_by_its_own_name_and_its_script_tells_the_framework() {
        if !Path::new("/usr/bin/python3").exists() {
            eprintln!(
                "skipped: an_interpreter_goes_by_its_own_name_and_its_script_tells_the_framework: python3 is missing"
            );
            return;
        }
        let scratch = Scratch::new();
        scratch.write(
            "manage.py",
            "import sys; print(sys.stdin.readline(), end='', flush=True); sys.stdin.read()",
        );
        let mut command = Command::new("/usr/bin/python3");
        let child = Waiter::spawn(command.args(["manage.py", "runserver"]).current_dir(scratch.root()));
        let holder = child.describe();
        assert!(holder.name.starts_with("python3"), "{}", holder.name);
        assert_eq!(holder.framework.as_deref(), Some("Django"));
    }

    #[test]
    fn a_parent_that_starts_it_again_is_named_with_the_way_to_stop_it() {
        let scratch = Scratch::new();
        let mut command = Command::new(scratch.copy(&fs::canonicalize("/bin/sh").unwrap(), "nodemon"));
        let parent = Waiter::spawn(command.args(["-c", "cat -; :"]).current_dir(scratch.root()));
        let children = crate::process::children(parent.0.id());
        let holder = Describer::new().holder(children[0].pid, &[]).unwrap();
        assert_eq!((children.len(), holder.name.as_str()), (1, "cat"));
        let supervisor = holder.supervisor.unwrap();
        assert_eq!((supervisor.kind, supervisor.name.as_str()), (SupervisorKind::Manager, "nodemon"));
        assert_eq!(supervisor.pid, Some(parent.0.id()));
        assert_eq!(supervisor.stop_command, Some(format!("kill {}", parent.0.id())));
    }

    #[test]
    fn another_users_secrets_stay_unknown_and_the_process_stays_listed() {
        let own = rustix::process::geteuid().as_raw();
        if own != 0 {
            // Without root, pid 1 is another user's.
            let holder = Describer::new().holder(1, &[]).unwrap();
            assert_eq!((holder.exe, holder.cwd, holder.exe_deleted), (None, None, None));
            assert!(!holder.name.is_empty() && holder.uid.is_some());
            return;
        }
        let child = Waiter::spawn(Command::new(cat()).arg("-").uid(65534).current_dir("/"));
        let holder = child.describe();
        assert_eq!((holder.uid, holder.name.as_str()), (Some(65534), "cat"));
    }

    #[test]
    fn one_that_is_gone_is_no_holder() {
        assert_eq!(Describer::new().holder(u32::MAX >> 1, &[]), None);
        let mut child = Command::new(cat()).stdin(Stdio::null()).spawn().unwrap();
        child.wait().unwrap();
        assert_eq!(Describer::new().holder(child.id(), &[]), None);
    }
}
