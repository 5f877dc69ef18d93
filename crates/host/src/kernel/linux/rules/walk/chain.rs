//! The way of a packet through one chain, and the chains that it jumps to.

use serde_json::Value;

use super::{
    condition::{self, Scene},
    packet::Tri,
    ruleset::{self, Place},
    verdict::{Verdict, verdicts},
};
use crate::kernel::rule::Action;

/// `NFT_JUMP_STACK_SIZE` of the kernel: it refuses rules that jump deeper.
const DEEPEST: usize = 16;

/// How many rules one packet is led through: chains that jump to each other in every way make more than anybody can
/// wait for. Twice what the largest clusters have.
const MOST_STEPS: usize = 100_000;

/// How a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A rule has accepted it: the hook's next chain goes on.
    Accepted,
    /// A rule has stopped it, or led it elsewhere.
    Taken,
    /// It has passed every rule. `sure` when it certainly has: otherwise one may have accepted it.
    Through { sure: bool },
}

/// What a rule did.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Met<'a> {
    pub(super) action: Action,
    pub(super) certain: bool,
    /// The statement's body, from which can be read where it leads to.
    pub(super) statement: &'a Value,
    pub(super) text: String,
    pub(super) mend: Option<String>,
}

/// A walk through the chains of one packet.
pub(super) struct Walk<'a> {
    pub(super) met: Vec<Met<'a>>,
    /// Whether a rule has said that the connection is not to be tracked.
    pub(super) untracked: bool,
    steps: usize,
}

/// What is known of the packet at a rule.
#[derive(Clone, Copy)]
struct Here<'a> {
    place: Place<'a>,
    /// Whether every jump that led here was certainly made.
    arrives: bool,
    /// Whether no rule before may have accepted it.
    sure: bool,
    depth: usize,
}

/// What comes after a rule.
enum Next {
    Rule { sure: bool },
    Leave { sure: bool },
    End(End),
}

impl<'a> Walk<'a> {
    pub(super) fn new() -> Self {
        Self { met: Vec::new(), untracked: false, steps: 0 }
    }

    /// Leads the packet through a chain that a hook leads to.
    pub(super) fn base(&mut self, scene: &Scene<'a>, chain: &'a str) -> End {
        let place = (scene.family, scene.table, chain);
        self.chain(scene, Here { place, arrives: true, sure: true, depth: 0 })
    }

    fn chain(&mut self, scene: &Scene<'a>, mut here: Here<'a>) -> End {
        for rule in scene.ruleset.rules(here.place) {
            self.steps += 1;
            if self.steps > MOST_STEPS || here.depth > DEEPEST {
                return End::Through { sure: false };
            }
            match self.rule(scene, here, rule) {
                Next::Rule { sure } => here.sure = sure,
                Next::Leave { sure } => return End::Through { sure },
                Next::End(end) => return end,
            }
        }
        End::Through { sure: here.sure }
    }

    fn rule(&mut self, scene: &Scene<'a>, mut here: Here<'a>, rule: &'a Value) -> Next {
        let expressions = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut meets = Tri::Yes;
        for expression in expressions {
            let Some((name, body)) = expression.as_object().and_then(|object| object.iter().next()) else {
                meets = meets.and(Tri::Maybe);
                continue;
            };
            let said = verdicts(scene, name, body);
            if said.is_empty() {
                meets = meets.and(self.condition(scene, name, body));
            }
            if meets == Tri::No {
                break;
            }
            for (verdict, key) in said {
                match self.verdict(scene, here, (rule, body), &verdict, meets.and(key) == Tri::Yes) {
                    Next::Rule { sure } => here.sure = sure,
                    other => return other,
                }
            }
        }
        Next::Rule { sure: here.sure }
    }

    /// Whether an expression without a verdict lets the rule go on.
    fn condition(&mut self, scene: &Scene<'_>, name: &str, body: &Value) -> Tri {
        match name {
            "match" => condition::matches(scene, body),
            "notrack" => {
                self.untracked = true;
                Tri::Yes
            }
            "vmap" => Tri::Yes,
            "xt" if body["type"] == "target" || body["name"] == "comment" => Tri::Yes,
            "counter" | "log" | "mangle" | "ct helper" | "ct timeout" | "ct expectation" | "dup" | "flow"
            | "last" => Tri::Yes,
            // A rate, a quota, a number of connections, extensions of the older filter, and what is not known.
            _ => Tri::Maybe,
        }
    }

    fn verdict(
        &mut self,
        scene: &Scene<'a>,
        here: Here<'a>,
        (rule, statement): (&'a Value, &'a Value),
        verdict: &Verdict<'a>,
        certain: bool,
    ) -> Next {
        let next = |sure| Next::Rule { sure };
        match *verdict {
            Verdict::Continue => next(here.sure),
            Verdict::Accept if certain && here.sure => Next::End(End::Accepted),
            // It may end here, so that nothing behind is certain.
            Verdict::Accept | Verdict::Doubt => next(false),
            Verdict::Return if certain => Next::Leave { sure: here.sure },
            Verdict::Return => next(false),
            Verdict::Take(action) => {
                let text = ruleset::words(rule, here.place);
                let surely = certain && here.sure && here.arrives;
                let mend = ruleset::deletion(rule, here.place);
                self.met.push(Met { action, certain: surely, statement, text, mend });
                if certain { Next::End(End::Taken) } else { next(here.sure) }
            }
            Verdict::Jump(chain) | Verdict::Goto(chain) => {
                let (family, table, _) = here.place;
                let there = Here {
                    place: (family, table, chain),
                    arrives: here.arrives && certain,
                    depth: here.depth + 1,
                    ..here
                };
                let comes_back = matches!(verdict, Verdict::Jump(_));
                match self.chain(scene, there) {
                    End::Through { sure } if comes_back => next(sure),
                    End::Through { sure } if certain => Next::Leave { sure },
                    end @ (End::Accepted | End::Taken) if certain => Next::End(end),
                    End::Taken => next(here.sure),
                    End::Accepted | End::Through { .. } => next(false),
                }
            }
        }
    }
}
