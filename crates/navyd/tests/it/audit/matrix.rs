//! Recall and false positives over everything that is planted, printed once.

use std::{panic, thread};

use super::{accounts, asked, processes, score::Score, tls, tools};

/// Starts servers, asks them, and counts.
type Plant = fn(&mut Score);

/// What is planted.
const PLANTED: &[(&str, Plant)] = &[
    ("stand-ins", asked::stand_ins),
    ("databases", asked::databases),
    ("accounts", accounts::accounts),
    ("notebooks", asked::notebooks),
    ("webpack", asked::webpack),
    ("nginx", asked::nginx),
    ("folders", asked::folders),
    ("Vite", asked::vite),
    ("certificates", tls::certificates),
    ("tools", tools::tools),
    ("processes", processes::processes),
];

#[test]
fn recall_and_false_positives() {
    let mut all = Score::default();
    thread::scope(|scope| {
        let running: Vec<_> = PLANTED
            .iter()
            .map(|(name, plant)| {
                let run = || {
                    let mut score = Score::default();
                    plant(&mut score);
                    score
                };
                (*name, scope.spawn(run))
            })
            .collect();
        for (name, thread) in running {
            let score = thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
            score.tell(&format!("audit of {name}"));
            all.add(score);
        }
    });
    all.tell("audit of everything that is planted");
}
