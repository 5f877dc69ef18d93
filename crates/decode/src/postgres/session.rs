//! What is asked and not yet answered, and what clients have prepared.

use std::{collections::VecDeque, sync::Arc};

use super::{
    CUT, PENDING, PENDING_BYTES, PORTALS, STATEMENTS,
    ask::{Ask, Bound, Column, Kind},
};
use crate::{Spoken, frames::Wrong, remembered::Remembered};

/// One connection, as far as both sides have told it.
#[derive(Debug, Default, Clone)]
pub(super) struct Session {
    /// What waits for its answer, the oldest first.
    pub(super) asks: VecDeque<Ask>,
    asks_cost: usize,
    pub(super) statements: Remembered<String, Statement>,
    pub(super) portals: Remembered<String, Portal>,
    /// Bytes of the client that belong to what it asks next.
    pub(super) sent: u64,
    /// Bytes of the server that belong to what it answers next.
    pub(super) received: u64,
    /// After an error the server throws away everything up to the next Sync.
    pub(super) skipping: bool,
    /// The client sends what COPY takes.
    pub(super) copying: bool,
    begun: bool,
}

/// What Parse gave.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub text: Arc<str>,
    pub kinds: Arc<[u32]>,
    pub columns: Option<Arc<[Column]>>,
}

/// What Bind gave, and of which statement.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    pub statement: String,
    pub text: Arc<str>,
    pub bound: Bound,
    pub columns: Option<Arc<[Column]>>,
    pub cost: usize,
}

impl Session {
    /// Something is asked.
    pub(super) fn ask(&mut self, mut ask: Ask) -> Result<(), Wrong> {
        if self.asks.len() >= PENDING {
            return Err(Wrong);
        }
        if self.asks_cost + ask.cost() > PENDING_BYTES {
            let end = ask.target.floor_char_boundary(CUT);
            ask.target = format!("{}…", &ask.target[..end]).into();
            ask.bound.parameters = None;
        }
        self.asks_cost += ask.cost();
        self.asks.push_back(ask);
        Ok(())
    }

    /// What is answered now.
    pub(super) fn head(&mut self) -> Option<&mut Ask> {
        self.asks.front_mut()
    }

    pub(super) fn head_kind(&self) -> Option<Kind> {
        self.asks.front().map(|ask| ask.kind)
    }

    /// What was answered, when it is one of these; anything else means that messages were misread.
    pub(super) fn done(&mut self, kinds: &[Kind]) -> Result<Ask, Wrong> {
        let ask = self.asks.pop_front().filter(|ask| kinds.contains(&ask.kind)).ok_or(Wrong)?;
        self.asks_cost = self.asks_cost.saturating_sub(ask.cost());
        Ok(ask)
    }

    /// What was asked behind an error and is not done any more.
    pub(super) fn skip_to_sync(&mut self) {
        while self.head_kind().is_some_and(|kind| kind != Kind::Sync) {
            self.drop_head();
        }
        self.skipping = self.asks.is_empty();
    }

    pub(super) fn drop_head(&mut self) {
        if let Some(ask) = self.asks.pop_front() {
            self.asks_cost = self.asks_cost.saturating_sub(ask.cost());
        }
    }

    pub(super) fn prepare(&mut self, name: String, statement: Statement) {
        let cost = name.len() + statement.text.len() + 4 * statement.kinds.len();
        self.statements.put(name, statement, cost, STATEMENTS);
    }

    pub(super) fn bind(&mut self, name: String, portal: Portal) {
        let cost = portal.cost;
        self.portals.put(name, portal, cost, PORTALS);
    }

    /// The columns of a statement, or of a portal, are told.
    pub(super) fn described(&mut self, of: &Ask, columns: &Arc<[Column]>) {
        // What was given the same name since then is another.
        let replaces = if of.kind == Kind::DescribePortal { Kind::Bind } else { Kind::Parse };
        let same = |ask: &Ask| match of.kind {
            Kind::DescribePortal => ask.portal == of.portal,
            _ => ask.statement == of.statement,
        };
        for ask in &mut self.asks {
            if ask.kind == replaces && same(ask) {
                return;
            }
            if ask.kind == Kind::Execute && same(ask) {
                ask.columns = Some(Arc::clone(columns));
            }
        }
        match of.kind {
            Kind::DescribePortal => {
                if let Some(portal) = self.portals.get_mut(&of.portal) {
                    portal.columns = Some(Arc::clone(columns));
                }
            }
            _ => {
                if let Some(statement) = self.statements.get_mut(&of.statement) {
                    statement.columns = Some(Arc::clone(columns));
                }
            }
        }
    }

    /// Whether a client and a server have understood each other.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// Tells what will never be answered: what was to give a result, and how far it came.
    pub(super) fn give_up(&mut self, out: &mut Vec<Spoken>) {
        let asks = self.asks.drain(..).filter(Ask::becomes_an_exchange);
        out.extend(asks.map(|ask| ask.spoken(None)));
        self.asks_cost = 0;
        self.skipping = false;
        self.copying = false;
        self.sent = 0;
        self.received = 0;
    }
}
