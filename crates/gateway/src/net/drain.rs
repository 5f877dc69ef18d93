//! Ending in order: what is in flight finishes, what is idle closes.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// The tasks of a worker, and whether they should come to an end.
///
/// A task looks at a flag whenever it is about to wait; being told costs it nothing until then.
#[derive(Default)]
pub(crate) struct Drain {
    draining: Cell<bool>,
    guests: RefCell<HashMap<u64, Option<Waker>>>,
    next: Cell<u64>,
    emptied: RefCell<Option<Waker>>,
}

impl Drain {
    /// How many tasks there are.
    pub(crate) fn guests(&self) -> usize {
        self.guests.borrow().len()
    }

    /// Lets a task in.
    pub(crate) fn enter(self: &Rc<Self>) -> Guest {
        let number = self.next.get();
        self.next.set(number + 1);
        self.guests.borrow_mut().insert(number, None);
        Guest { number, met: false, owner: Rc::clone(self) }
    }

    /// Tells every task.
    pub(crate) fn begin(&self) {
        self.draining.set(true);
        self.nudge();
    }

    /// Wakes every task that waits, so that it looks around.
    pub(crate) fn nudge(&self) {
        let wakers: Vec<_> = self.guests.borrow().values().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ready once every task has left.
    pub(crate) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.guests.borrow().is_empty() {
            return Poll::Ready(());
        }
        *self.emptied.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A task that may be told to come to an end.
pub(crate) struct Guest {
    number: u64,
    met: bool,
    owner: Rc<Drain>,
}

impl Guest {
    /// Whether the end has begun.
    pub(crate) fn draining(&self) -> bool {
        self.owner.draining.get()
    }

    /// Whether the task should end; otherwise it is woken when it should.
    pub(crate) fn should_leave(&mut self, cx: &Context<'_>) -> bool {
        if !self.met {
            // A task keeps its waker for life, so it is stored once.
            self.met = true;
            self.owner.guests.borrow_mut().insert(self.number, Some(cx.waker().clone()));
        }
        self.owner.draining.get()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.owner.guests.borrow_mut().remove(&self.number);
        if self.owner.guests.borrow().is_empty()
            && let Some(waker) = self.owner.emptied.borrow_mut().take()
        {
            waker.wake();
        }
    }
}
