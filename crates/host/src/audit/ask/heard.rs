//! What was heard: plain data, and how a check looks at it.

use std::net::SocketAddr;

use super::{super::Subject, Ask, Plan, Word};
use crate::probe::{Answer, Flight, Greeting};

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What was asked.
    pub ask: Ask,
    /// Where.
    pub to: SocketAddr,
    /// Whether that is the way that others come.
    pub far: bool,
    /// What was said, as far as it was read; `None` when nothing was.
    pub said: Option<Vec<u8>>,
}

/// What the caller should know when not all of a plan was answered. Who answered HTTP by something else is not what it
/// was taken for, and nothing is missing.
pub(super) fn gap(plan: &Plan, heard: &[Heard]) -> Option<String> {
    if let Some(flight) = heard.iter().find_map(Heard::flight) {
        let hidden = flight.certificate.is_none();
        return hidden
            .then(|| format!("{} speaks TLS, and does not show its certificate in clear", plan.place));
    }
    let last = heard.last().and_then(|heard| heard.said.as_deref().filter(|_| heard.ask.is_http()));
    if last.is_some_and(|said| !said.starts_with(b"HTTP/1.")) {
        return None;
    }
    // Whoever does not speak TLS may have nothing to say to its greeting.
    let answered = heard.iter().filter(|heard| heard.said.is_some() || heard.ask == Ask::Hello).count();
    (answered < plan.questions.len()).then(|| {
        let all = plan.questions.len();
        format!("{} answered {answered} of {all} questions in the second that it had", plan.place)
    })
}

impl Heard {
    /// What was said to the greeting of TLS; `None` where it was not asked, or TLS is not spoken.
    fn flight(&self) -> Option<Flight> {
        Flight::read(self.said.as_deref().filter(|_| self.ask == Ask::Hello)?)
    }
}

impl Subject {
    /// The certificate that was shown, in DER.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.heard.iter().find_map(Heard::flight)?.certificate
    }

    /// How a database of MySQL greeted.
    pub(in super::super) fn greeting(&self) -> Option<Greeting<'_>> {
        Greeting::read(self.said(Ask::Word(Word::Greeting))?)
    }

    /// What was said to this from the near side, or from wherever it was asked.
    pub(in super::super) fn said(&self, ask: Ask) -> Option<&[u8]> {
        let all = || self.heard.iter().filter(|heard| heard.ask == ask);
        all().find(|heard| !heard.far).or_else(|| all().next())?.said.as_deref()
    }

    /// The answer to a question of HTTP.
    pub(in super::super) fn answer(&self, ask: Ask) -> Option<Answer<'_>> {
        Answer::read(self.said(ask)?)
    }

    /// The path asked by its own name, and the answer.
    pub(in super::super) fn page(&self) -> Option<(&'static str, Answer<'_>)> {
        self.pages().next()
    }

    /// Every path asked by its own name, and the answer.
    pub(in super::super) fn pages(&self) -> impl Iterator<Item = (&'static str, Answer<'_>)> {
        self.heard.iter().filter_map(|heard| match heard.ask {
            Ask::Page(path) => Some((path, Answer::read(heard.said.as_deref()?)?)),
            _ => None,
        })
    }

    /// The path asked by a foreign name, and the answer.
    pub(in super::super) fn foreign(&self) -> Option<(&'static str, Answer<'_>)> {
        self.heard.iter().find_map(|heard| match heard.ask {
            Ask::Foreign(path) => Some((path, Answer::read(heard.said.as_deref()?)?)),
            _ => None,
        })
    }

    /// The page of this path by its own name, where it exists: 200, and not what every path gets.
    pub(in super::super) fn served(&self, path: &'static str) -> Option<Answer<'_>> {
        let answer = self.answer(Ask::Page(path)).filter(|answer| answer.status == 200)?;
        let same = |control: &Answer<'_>| control.status == 200 && control.body == answer.body;
        (!self.answer(Ask::Control).is_some_and(|control| same(&control))).then_some(answer)
    }

    /// Whether the same page is had by a foreign name: then any page of a browser gets there.
    pub(in super::super) fn takes_any_name(&self) -> bool {
        let foreign = self.foreign().filter(|(_, answer)| answer.status == 200);
        foreign.is_some_and(|(path, foreign)| {
            self.answer(Ask::Page(path)).is_none_or(|page| page.status == 200 && page.body == foreign.body)
        })
    }

    /// What to say beside a finding of what was asked from the other side: ` through …`, or nothing.
    pub(in super::super) fn other_side(&self) -> String {
        let Some(far) = self.heard.iter().find(|heard| heard.far) else { return String::new() };
        let how = match &far.said {
            Some(_) => "it answers as well",
            None => "it gave no answer",
        };
        format!("; through {} {how}, asked from this machine", far.to.ip())
    }
}
