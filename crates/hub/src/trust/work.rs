//! What is to be done to the stores, and doing it.
//!
//! What a place holds is asked of the place itself; the journal only remembers roots that have been renewed since, and
//! places that are no longer found. Deliberately absent: becoming root. What needs it is left, and says so.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    journal::{Journal, JournalError},
    machine::Machine,
    root::Root,
    step::Step,
    store::{Held, Here, Place, Store},
};

/// What is wanted of the stores.
#[derive(Debug, Clone, Copy)]
pub enum Aim<'a> {
    /// They hold this root, and none that was renewed.
    Install(&'a Root),
    /// They hold none of ours; this is the newest, when there is one.
    Uninstall(Option<&'a Root>),
}

/// How it stands with one place of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It holds the root.
    Installed,
    /// Part of it is there: programs may or may not see it.
    Partly,
    /// It does not hold it.
    Missing,
    /// It does not tell.
    Unknown,
    /// The store is not on this machine.
    NotHere,
    /// It is here, and cannot be asked or changed.
    Unable,
}

/// How it stands with a store here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which store.
    pub store: &'static str,
    /// Which programs read it.
    pub readers: &'static str,
    /// Where it is; `None` when it is not.
    pub place: Option<String>,
    /// How it stands.
    pub state: State,
    /// Why, where that needs saying.
    pub why: Option<String>,
    /// What can be done.
    pub hint: Option<String>,
}

/// What became of what was to be done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It would be done.
    Planned,
    /// It is done, and the place shows it.
    Done,
    /// There was nothing to do.
    Already,
    /// Only root may do it.
    NeedsRoot,
    /// The store is not on this machine.
    NotHere,
    /// The store is here, and cannot be changed by any program.
    Unable,
    /// It was tried.
    Failed,
}

/// What is to be done at one place.
pub struct Work {
    /// Which store.
    pub store: &'static dyn Store,
    /// Where; `None` when the store is not there.
    pub place: Option<PathBuf>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where that needs saying.
    pub why: Option<String>,
    /// What a person can do.
    pub hint: Option<String>,
    installs: Option<Root>,
    removes: Vec<Root>,
}

/// How it stands with these stores.
pub fn look(machine: &dyn Machine, stores: &[&'static dyn Store], root: Option<&Root>) -> Vec<Finding> {
    let mut found = Vec::new();
    for store in stores {
        let finding = |place: Option<&Path>, state, why: Option<String>, hint| Finding {
            store: store.name(),
            readers: store.readers(),
            place: place.map(|path| path.display().to_string()),
            state,
            why,
            hint,
        };
        match store.here(machine) {
            Here::Absent(why) => found.push(finding(None, State::NotHere, Some(why.into()), None)),
            Here::Unable { why, hint } => found.push(finding(None, State::Unable, Some(why), Some(hint))),
            Here::Places(places) => found.extend(places.iter().map(|place| {
                let held = root.map_or(Held::No, |root| store.holds(machine, &place.path, root));
                let state = match held {
                    Held::Yes => State::Installed,
                    Held::Partly => State::Partly,
                    Held::No => State::Missing,
                    Held::Unknown => State::Unknown,
                };
                finding(Some(&place.path), state, None, None)
            })),
        }
    }
    found
}

/// What there is to do, and nothing done yet.
pub fn plan(
    machine: &dyn Machine,
    stores: &[&'static dyn Store],
    aim: Aim<'_>,
    journal: &Journal,
) -> Vec<Work> {
    stores.iter().flat_map(|store| plan_store(machine, *store, aim, journal)).collect()
}

fn plan_store(
    machine: &dyn Machine,
    store: &'static dyn Store,
    aim: Aim<'_>,
    journal: &Journal,
) -> Vec<Work> {
    let bare = |outcome, why: Option<String>, hint| Work {
        store,
        place: None,
        steps: Vec::new(),
        outcome,
        why,
        hint,
        installs: None,
        removes: Vec::new(),
    };
    let mut places = match store.here(machine) {
        Here::Places(places) => places,
        Here::Unable { why, hint } => return vec![bare(Outcome::Unable, Some(why), Some(hint))],
        Here::Absent(why) => {
            if journal.places(store.name()).next().is_none() {
                return vec![bare(Outcome::NotHere, Some(why.into()), None)];
            }
            Vec::new()
        }
    };
    if matches!(aim, Aim::Uninstall(_)) {
        for path in journal.places(store.name()) {
            // A Java that `JAVA_HOME` named then, a profile whose browser is gone.
            if machine.exists(path) && !places.iter().any(|place| place.path == path) {
                places.push(Place { path: path.to_owned(), writable: machine.may_write(path) });
            }
        }
    }
    places.iter().map(|place| plan_place(machine, store, place, aim, journal)).collect()
}

fn plan_place(
    machine: &dyn Machine,
    store: &'static dyn Store,
    place: &Place,
    aim: Aim<'_>,
    journal: &Journal,
) -> Work {
    let (wanted, known) = match aim {
        Aim::Install(root) => (Some(root), None),
        Aim::Uninstall(root) => (None, root),
    };
    let mut roots: Vec<&Root> = journal.roots().filter(|root| Some(*root) != wanted).collect();
    roots.extend(known.filter(|root| !journal.roots().any(|other| other == *root)));
    let removes: Vec<Root> = roots
        .into_iter()
        .filter(|root| match store.holds(machine, &place.path, root) {
            Held::Yes | Held::Partly => true,
            Held::No => false,
            // What was once written there is removed; nothing is guessed about other places.
            Held::Unknown => journal.has(store.name(), &place.path, root),
        })
        .cloned()
        .collect();
    let mut steps: Vec<Step> =
        removes.iter().flat_map(|root| store.uninstall(machine, &place.path, root)).collect();
    let installs = wanted.filter(|root| store.holds(machine, &place.path, root) != Held::Yes).cloned();
    if let Some(root) = &installs {
        steps.extend(store.install(machine, &place.path, root));
    }
    let outcome = match (steps.is_empty(), place.writable) {
        (true, _) => Outcome::Already,
        (false, false) => Outcome::NeedsRoot,
        (false, true) => Outcome::Planned,
    };
    Work {
        store,
        place: Some(place.path.clone()),
        steps,
        outcome,
        why: (outcome == Outcome::NeedsRoot).then(|| "only root may change it".into()),
        hint: None,
        installs,
        removes,
    }
}

/// Does what is planned at one place, and looks whether the place shows it. What needs root, or needs nothing, stays
/// as it is.
///
/// # Errors
/// When the journal cannot be written: then nothing was done. A step that fails is the work's outcome.
pub fn carry_out(machine: &dyn Machine, work: &mut Work, journal: &mut Journal) -> Result<(), JournalError> {
    let Some(place) = work.place.clone().filter(|_| work.outcome == Outcome::Planned) else { return Ok(()) };
    if let Some(root) = &work.installs {
        // Before anything is done, so that whatever ends this process leaves nothing that nobody knows of.
        journal.add(work.store.name(), &place, root)?;
    }
    let done = work.steps.iter().try_for_each(|step| step.carry_out(machine));
    work.outcome = Outcome::Failed;
    if let Err(error) = done {
        work.why = Some(error.to_string());
        return Ok(());
    }
    let store = work.store;
    let holds = |root: &Root| store.holds(machine, &place, root);
    if work.installs.as_ref().is_some_and(|root| holds(root) != Held::Yes) {
        work.why = Some("its tool says that it is done, and the store does not show it".into());
        return Ok(());
    }
    if work.removes.iter().any(|root| matches!(holds(root), Held::Yes | Held::Partly)) {
        work.why = Some("its tool says that it is gone, and the store still shows it".into());
        return Ok(());
    }
    for root in &work.removes {
        journal.remove(work.store.name(), &place, root)?;
    }
    work.outcome = Outcome::Done;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scratch::Scratch,
        trust::{
            run::Ran,
            scene::{Scene, other, root},
            stores::STORES,
        },
    };

    const DB: &str = "/h/.pki/nssdb";

    fn scene(held: &[&Root]) -> Scene {
        let mut scene = Scene::new()
            .variable("HOME", "/h")
            .file("/usr/bin/certutil", "")
            .file(&format!("{DB}/cert9.db"), "");
        let mut listed = String::new();
        for known in [root(), other()] {
            let call = format!("/usr/bin/certutil -L -d sql:{DB} -a -n {}", known.name());
            let held = held.contains(&&known);
            if held {
                listed.push_str(&format!("{}  C,,\n", known.name()));
            }
            let stderr = "certutil: Could not find cert".to_owned();
            let stdout = if held { known.pem() } else { String::new() };
            scene = scene.answer(&call, Ran { success: held, stdout, stderr });
        }
        let listed = Ran { success: true, stdout: listed, stderr: String::new() };
        scene.answer(&format!("/usr/bin/certutil -L -d sql:{DB}"), listed)
    }

    fn planned(scene: &Scene, aim: Aim<'_>, journal: &Journal) -> Vec<(Outcome, Vec<String>)> {
        let works = plan(scene, STORES, aim, journal);
        let here = works.iter().filter(|work| work.outcome != Outcome::NotHere);
        here.map(|work| (work.outcome, work.steps.iter().map(|step| step.shown()[..22].to_owned()).collect()))
            .collect()
    }

    #[test]
    fn only_what_differs_is_done() {
        let (one, two) = (root(), other());
        let scratch = Scratch::new();
        let mut journal = Journal::open(&scratch.path().join("trust.json")).unwrap();
        let (add, del) = ("run /usr/bin/certutil -A", "run /usr/bin/certutil -D");
        let check = |held: &[&Root], aim, journal: &Journal, outcome, steps: &[&str]| {
            let steps = steps.iter().map(|step| step[..22].to_owned()).collect();
            assert_eq!(planned(&scene(held), aim, journal), [(outcome, steps)], "{held:?}");
        };
        check(&[], Aim::Install(&one), &journal, Outcome::Planned, &[add]);
        check(&[&one], Aim::Install(&one), &journal, Outcome::Already, &[]);
        check(&[&one], Aim::Uninstall(Some(&one)), &journal, Outcome::Planned, &[del]);
        check(&[&one], Aim::Uninstall(None), &journal, Outcome::Already, &[]);
        // A root that has been renewed is known by the journal alone.
        journal.add("chromium", Path::new(DB), &two).unwrap();
        check(&[&two], Aim::Install(&one), &journal, Outcome::Planned, &[del, add]);
        check(&[&one, &two], Aim::Uninstall(Some(&one)), &journal, Outcome::Planned, &[del, del]);
    }

    #[test]
    fn what_only_root_may_change_is_left() {
        let scratch = Scratch::new();
        let mut journal = Journal::open(&scratch.path().join("trust.json")).unwrap();
        let scene = scene(&[]).read_only("/h");
        let mut works = plan(&scene, STORES, Aim::Install(&root()), &journal);
        let work = works.iter_mut().find(|work| work.outcome == Outcome::NeedsRoot).unwrap();
        carry_out(&scene, work, &mut journal).unwrap();
        assert_eq!((work.outcome, journal.roots().count()), (Outcome::NeedsRoot, 0));
    }

    #[test]
    fn what_failed_is_remembered_so_that_it_can_be_undone() {
        let scratch = Scratch::new();
        let path = scratch.path().join("trust.json");
        let mut journal = Journal::open(&path).unwrap();
        let scene = scene(&[]);
        let mut works = plan(&scene, STORES, Aim::Install(&root()), &journal);
        let work = works.iter_mut().find(|work| work.outcome == Outcome::Planned).unwrap();
        carry_out(&scene, work, &mut journal).unwrap();
        assert_eq!(work.outcome, Outcome::Failed);
        drop(journal);
        assert!(Journal::open(&path).unwrap().has("chromium", Path::new(DB), &root()));
    }

    #[test]
    fn each_store_says_how_it_stands() {
        let found = look(&scene(&[&root()]), STORES, Some(&root()));
        let state = |store| found.iter().find(|finding| finding.store == store).map(|finding| finding.state);
        assert_eq!(state("chromium"), Some(State::Installed));
        assert_eq!(state("debian"), Some(State::NotHere));
        assert_eq!(found.len(), STORES.len());
    }
}
