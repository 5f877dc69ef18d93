//! Faults as they are laid on a route: what was wanted, understood.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_model::{
    Scheme,
    fault::{Direction, Fault},
    filter::{Field, Filter, Subject, Term},
};

use super::{
    FAULTS,
    condition::Condition,
    leaf::{Layer, Leaf, Values, Wrong},
    schedule::{Schedule, Unclear},
};

/// Why a fault is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the fault `{name}` {reason}")]
pub struct Refused {
    /// The fault's name.
    pub name: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// There is no such kind.
    #[error("is of no kind that there is: `{0}`")]
    Kind(String),
    /// An attribute is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Its share is none.
    #[error("takes for `toxicity` a number from 0 to 1, and not `{0}`")]
    Toxicity(f64),
    /// Its schedule is not understood.
    #[error("has a `schedule` that {0}")]
    Schedule(#[from] Unclear),
    /// Its route carries nothing of what it hits.
    #[error("hits {hits}, and this route carries {carries}")]
    Layer {
        /// What it hits.
        hits: &'static str,
        /// What there is.
        carries: &'static str,
    },
    /// Its filter is not understood.
    #[error("has a `filter` in which {0}")]
    Unclear(String),
    /// Its filter asks for what is not known when a request comes.
    #[error("has a `filter` that asks for more than the head of a request tells")]
    Later,
    /// It has a filter, and its route no exchanges.
    #[error("has a `filter`, and this route carries {0}, which no filter tells apart")]
    Filter(&'static str),
    /// Another one of the route has this name.
    #[error("has a name that another one of this route has")]
    Name,
}

/// What lies on a route.
#[derive(Default)]
pub(crate) struct Laid {
    /// In the order in which they apply.
    pub(super) all: Vec<Arc<Placed>>,
    /// How many connections there were.
    connections: Arc<AtomicU64>,
    /// Whether the route is over for its connections.
    over: bool,
}

/// A fault that was understood.
pub(super) struct Placed {
    /// As it was wanted, with a name.
    pub(super) fault: Fault,
    /// That name, its route and its kind, to be shared.
    pub(super) name: Arc<str>,
    pub(super) route: Arc<str>,
    pub(super) kind: &'static str,
    /// What it does.
    pub(super) condition: Box<dyn Condition>,
    /// The directions that it hits.
    pub(super) direction: Direction,
    /// What it hits.
    pub(super) layer: Layer,
    schedule: Option<Schedule>,
    /// Which exchanges it hits.
    pub(super) filter: Option<Filter>,
    /// When it was laid.
    since: Instant,
}

impl std::fmt::Debug for Laid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all.iter().map(|placed| &placed.fault)).finish()
    }
}

impl Laid {
    /// Understands faults. Those of `before` that have not changed stay as they are, with their clocks.
    ///
    /// # Errors
    /// When one of them is not understood, or cannot be laid on what the route carries.
    pub(crate) fn new(
        faults: &[Fault],
        scheme: Scheme,
        before: Option<&Self>,
        now: Instant,
    ) -> Result<Self, Refused> {
        let (mut all, mut names) = (Vec::with_capacity(faults.len()), HashSet::new());
        for fault in faults {
            let fault = Fault { name: name(fault), ..fault.clone() };
            let refused = |reason| Refused { name: fault.name.clone(), reason };
            if !names.insert(fault.name.clone()) {
                return Err(refused(Reason::Name));
            }
            let known = before.and_then(|before| before.all.iter().find(|placed| placed.fault == fault));
            let placed = match known {
                Some(known) => Arc::clone(known),
                None => Arc::new(Placed::new(&fault, now).map_err(refused)?),
            };
            placed.suits(scheme).map_err(refused)?;
            all.push(placed);
        }
        let connections = before.map(|before| Arc::clone(&before.connections)).unwrap_or_default();
        Ok(Self { all, connections, over: false })
    }

    /// What lies on a route whose connections are to close.
    pub(crate) fn over() -> Self {
        Self { over: true, ..Self::default() }
    }

    /// Whether connections of the route are to close.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether these are the same faults, with the same clocks.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.all.len() == other.all.len()
            && self.all.iter().zip(&other.all).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// The number of the next connection.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Relaxed)
    }

    /// The next connection is the first again.
    pub(crate) fn begin_again(&self) {
        self.connections.store(0, Relaxed);
    }

    /// Whether any hits connections, or what they carry.
    pub(crate) fn shapes_streams(&self) -> bool {
        self.all.iter().any(|placed| placed.layer != Layer::Datagram)
    }

    /// The names of those whose filter means this request; `subject` tells of it, given the fault's route.
    pub(crate) fn meant<S: Subject>(&self, subject: impl Fn(Arc<str>) -> S) -> Vec<Arc<str>> {
        let filtered = self.all.iter().filter_map(|placed| Some((placed, placed.filter.as_ref()?)));
        let meant = filtered
            .filter(|(placed, filter)| filter.matches(&subject(Arc::clone(&placed.route))) == Some(true));
        meant.map(|(placed, _)| Arc::clone(&placed.name)).collect()
    }

    /// Whether any hits datagrams.
    pub(crate) fn shapes_datagrams(&self) -> bool {
        self.all.iter().any(|placed| matches!(placed.layer, Layer::Datagram | Layer::Both))
    }
}

impl Placed {
    fn new(fault: &Fault, now: Instant) -> Result<Self, Reason> {
        let (leaf, condition) = kind(fault)?;
        if !(0.0..=1.0).contains(&fault.toxicity) {
            return Err(Reason::Toxicity(fault.toxicity));
        }
        let schedule = fault.schedule.as_deref().map(Schedule::parse).transpose()?;
        let direction = condition.direction(fault.direction);
        Ok(Self {
            fault: fault.clone(),
            name: fault.name.as_str().into(),
            route: fault.route.as_str().into(),
            kind: leaf.name,
            condition,
            direction,
            layer: leaf.layer,
            schedule,
            filter: fault.filter.as_deref().map(filter).transpose()?,
            since: now,
        })
    }

    fn suits(&self, scheme: Scheme) -> Result<(), Reason> {
        let (carries, http) = match scheme {
            Scheme::Udp => ("datagrams", false),
            Scheme::Tcp => ("a stream of bytes", false),
            Scheme::Http | Scheme::H2c => ("exchanges of HTTP", true),
        };
        let (hits, suits) = match self.layer {
            Layer::Both => ("everything", true),
            Layer::Stream => ("streams of bytes", scheme != Scheme::Udp),
            Layer::Datagram => ("datagrams", scheme == Scheme::Udp),
            Layer::Http => ("exchanges of HTTP", http),
        };
        match &self.fault.filter {
            _ if !suits => Err(Reason::Layer { hits, carries }),
            Some(_) if !http => Err(Reason::Filter(carries)),
            _ => Ok(()),
        }
    }

    /// Whether it is on, and when that changes.
    pub(super) fn is_on(&self, now: Instant) -> (bool, Option<Instant>) {
        let Some(schedule) = &self.schedule else { return (true, None) };
        let (on, next) = schedule.is_on(now.saturating_duration_since(self.since));
        (on, next.map(|next: Duration| self.since + next))
    }

    /// Whether it hits what goes this way.
    pub(super) fn hits(&self, way: Direction) -> bool {
        self.direction == Direction::Both || self.direction == way
    }
}

/// Whether a fault can be laid on a route that carries this, before it is.
///
/// # Errors
/// When it is not understood, or hits nothing of that.
pub fn check(fault: &Fault, carries: Scheme) -> Result<(), Reason> {
    Placed::new(fault, Instant::now())?.suits(carries)
}

/// A filter of what the head of a request tells.
fn filter(text: &str) -> Result<Filter, Reason> {
    // No time is among that, so it does not matter which one it is.
    let filter = Filter::parse(text, Timestamp::UNIX_EPOCH);
    let filter = filter.map_err(|unclear| Reason::Unclear(unclear.message))?;
    let later = |term: &Term| match term {
        Term::Text(field, ..) => !is_of_head(*field),
        Term::Word(_) => false,
        Term::Number(..) => true,
    };
    if filter.expr().any(&later) { Err(Reason::Later) } else { Ok(filter) }
}

/// Whether the head of a request tells it.
pub(crate) fn is_of_head(field: Field) -> bool {
    matches!(
        field,
        Field::Protocol
            | Field::Method
            | Field::Host
            | Field::Path
            | Field::Query
            | Field::Target
            | Field::Route
            | Field::Header
    )
}

/// What its kind makes of a fault's attributes.
#[cfg(test)]
pub(super) fn read(fault: &Fault) -> Result<(&'static Leaf, Box<dyn Condition>), Wrong> {
    match kind(fault) {
        Ok(found) => Ok(found),
        Err(Reason::Wrong(wrong)) => Err(wrong),
        Err(_) => Err(Wrong::Missing("kind")),
    }
}

fn kind(fault: &Fault) -> Result<(&'static Leaf, Box<dyn Condition>), Reason> {
    let leaf = FAULTS.iter().find(|leaf| leaf.name == fault.kind);
    let leaf = leaf.ok_or_else(|| Reason::Kind(fault.kind.chars().take(40).collect()))?;
    Ok((leaf, (leaf.compile)(&Values::read(leaf.fields, &fault.attributes)?)?))
}

/// The name of a fault: its own, or one of its kind and direction.
fn name(fault: &Fault) -> String {
    if !fault.name.is_empty() {
        return fault.name.clone();
    }
    let direction = match fault.direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Both => "both",
    };
    format!("{}_{direction}", fault.kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::fixture::wanted, *};

    #[test]
    fn what_cannot_be_laid_is_refused_by_name() {
        let latency = || wanted("latency", json!({"latency": 1}), Direction::Up);
        for (scheme, fault, expected) in [
            (Scheme::Tcp, latency(), "[latency_up]"),
            (Scheme::Udp, latency(), "[latency_up]"),
            (Scheme::Tcp, Fault { name: "slow".to_owned(), ..latency() }, "[slow]"),
            (
                Scheme::Tcp,
                wanted("lag", json!({}), Direction::Down),
                "the fault `lag_down` is of no kind that there is: `lag`",
            ),
            (
                Scheme::Tcp,
                wanted("latency", json!({"late": 1}), Direction::Down),
                "the fault `latency_down` has no field `late`; it takes `latency`, `jitter`, `distribution`",
            ),
            (
                Scheme::Tcp,
                Fault { toxicity: 1.5, ..latency() },
                "the fault `latency_up` takes for `toxicity` a number from 0 to 1, and not `1.5`",
            ),
            (
                Scheme::Tcp,
                Fault { toxicity: f64::NAN, ..latency() },
                "the fault `latency_up` takes for `toxicity` a number from 0 to 1, and not `NaN`",
            ),
            (
                Scheme::Tcp,
                Fault { schedule: Some("every 1s".to_owned()), ..latency() },
                "the fault `latency_up` has a `schedule` that needs `for` where it has `every`",
            ),
            (
                Scheme::Tcp,
                wanted("loss", json!({}), Direction::Down),
                "the fault `loss_down` hits datagrams, and this route carries a stream of bytes",
            ),
            (
                Scheme::Udp,
                wanted("reset", json!({}), Direction::Down),
                "the fault `reset_down` hits streams of bytes, and this route carries datagrams",
            ),
            (
                Scheme::Http,
                Fault { filter: Some("method:GET path:/pay".to_owned()), ..latency() },
                "[latency_up]",
            ),
            (
                Scheme::Http,
                Fault { filter: Some("status:500".to_owned()), ..latency() },
                "the fault `latency_up` has a `filter` that asks for more than the head of a request tells",
            ),
            (
                Scheme::Http,
                Fault { filter: Some("metod:GET".to_owned()), ..latency() },
                "the fault `latency_up` has a `filter` in which `metod` is no field",
            ),
            (
                Scheme::Tcp,
                Fault { filter: Some("method:GET".to_owned()), ..latency() },
                "the fault `latency_up` has a `filter`, and this route carries a stream of bytes, which no filter tells apart",
            ),
        ] {
            let laid = Laid::new(std::slice::from_ref(&fault), scheme, None, Instant::now());
            let names = laid.map(|laid| {
                laid.all.iter().map(|placed| placed.fault.name.clone()).collect::<Vec<_>>().join(",")
            });
            let found = names.map_or_else(|refused| refused.to_string(), |names| format!("[{names}]"));
            assert_eq!(found, expected, "{fault:?}");
        }
        let twice = Laid::new(&[latency(), latency()], Scheme::Tcp, None, Instant::now());
        assert_eq!(
            twice.unwrap_err().to_string(),
            "the fault `latency_up` has a name that another one of this route has"
        );
    }

    #[test]
    fn a_fault_that_has_not_changed_keeps_its_clock() {
        let start = Instant::now();
        let mut fault = wanted("latency", json!({"latency": 1}), Direction::Down);
        fault.schedule = Some("at 10s".to_owned());
        let before = Laid::new(&[fault.clone()], Scheme::Tcp, None, start).unwrap();
        let later = start + Duration::from_secs(5);
        let same = Laid::new(&[fault.clone()], Scheme::Tcp, Some(&before), later).unwrap();
        assert!(Arc::ptr_eq(&before.all[0], &same.all[0]));
        assert_eq!(same.all[0].is_on(later), (false, Some(start + Duration::from_secs(10))));
        fault.toxicity = 0.5;
        let other = Laid::new(&[fault], Scheme::Tcp, Some(&before), later).unwrap();
        assert!(!Arc::ptr_eq(&before.all[0], &other.all[0]));
    }
}
