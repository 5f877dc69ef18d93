//! A system's store that is made from a folder: a file is added, and a tool writes the bundle that programs read.

use std::path::{Path, PathBuf};

use crate::trust::{
    machine::Machine,
    root::Root,
    run::Call,
    step::Step,
    store::{Held, Here, Place, Store},
};

/// Such a store.
pub(super) struct Anchors {
    /// What `--store` calls it.
    pub(super) name: &'static str,
    /// What must be there for it to be this system's.
    pub(super) mark: &'static str,
    /// Where administrators put roots.
    pub(super) folder: &'static str,
    /// How the names of these files end.
    pub(super) extension: &'static str,
    /// The tool that makes the bundle, and its arguments.
    pub(super) tool: (&'static str, &'static [&'static str]),
    /// The bundle.
    pub(super) bundle: &'static str,
    /// What the tool would leave behind when a file goes.
    pub(super) leftovers: fn(&dyn Machine, file: &Path, root: &Root) -> Leftovers,
}

impl Anchors {
    fn file(&self, place: &Path, root: &Root) -> PathBuf {
        place.join(format!("{}.{}", root.name(), self.extension))
    }

    fn make(&self, machine: &dyn Machine) -> Step {
        let (tool, args) = self.tool;
        Step::Run(Call::new(machine.program(tool).unwrap_or_else(|| tool.into()), args.iter().copied()))
    }
}

impl Store for Anchors {
    fn name(&self) -> &'static str {
        self.name
    }

    fn readers(&self) -> &'static str {
        "curl, git, Python, Go, Ruby, PHP and most others"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        let (mark, folder) = (Path::new(self.mark), Path::new(self.folder));
        if !machine.exists(mark) || machine.program(self.tool.0).is_none() {
            return Here::Absent("another system's store");
        }
        // Its tool also writes beside the bundle, which only its owner may.
        let bundle = Path::new(self.bundle).parent().unwrap_or(Path::new("/"));
        let writable = machine.may_write(folder) && machine.may_write(bundle);
        Here::Places(vec![Place { path: folder.to_owned(), writable }])
    }

    fn holds(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Held {
        let held = |path: &Path| machine.text(path).is_some_and(|text| root.is_in(&text));
        match (held(&self.file(place, root)), held(Path::new(self.bundle))) {
            (true, true) => Held::Yes,
            (false, false) => Held::No,
            _ => Held::Partly,
        }
    }

    fn install(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        vec![Step::Write(self.file(place, root), root.pem()), self.make(machine)]
    }

    fn uninstall(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        let file = self.file(place, root);
        let Leftovers { before, after } = (self.leftovers)(machine, &file, root);
        [Step::Remove(file)].into_iter().chain(before).chain([self.make(machine)]).chain(after).collect()
    }
}

/// What is done besides when a file goes.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Before the tool runs.
    pub(super) before: Vec<Step>,
    /// After it.
    pub(super) after: Vec<Step>,
}

/// For a tool that leaves nothing behind.
pub(super) fn none(_machine: &dyn Machine, _file: &Path, _root: &Root) -> Leftovers {
    Leftovers::default()
}
