//! Asking many listeners at once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use navyd_model::{Certainty, Speaks};

use super::engine::{Request, ask};

/// How many are asked at once at most: they wait rather than compute, and each holds one descriptor.
const WORKERS: usize = 32;

/// Asks every listener, some at once, and gives the answers in the order of the requests. A probe that
/// panics costs its own answer only.
pub fn ask_all(requests: &[Request]) -> Vec<Speaks> {
    let failed = || Speaks {
        protocol: None,
        certainty: Certainty::Unknown,
        detail: Some("the probe failed on its answer, which is a bug of navyd".to_owned()),
    };
    in_parallel(requests, ask).into_iter().map(|answer| answer.unwrap_or_else(failed)).collect()
}

/// Does the work for every item, some at once, and gives what came of it in the order of the items; `None` where it
/// panicked.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let worker = || {
        while let Some((item, slot)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).zip(results.get(index))
        } {
            let result = catch_unwind(AssertUnwindSafe(|| work(item))).ok();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = result;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..items.len().min(WORKERS) {
            // Where no further thread can be made, those that run do all of it; without any, this one does.
            if std::thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        worker();
    });
    results.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::hints::Hints, *};

    #[test]
    fn the_order_is_kept() {
        let requests: Vec<Request> = (0..100u16)
            .map(|number| Request {
                address: ([127, 0, 0, 1], 1).into(),
                hints: Hints {
                    port: 1,
                    backlog: Some(u32::from(number % 2)),
                    udp: number % 3 == 0,
                    ..Hints::default()
                },
                budget: Duration::from_secs(1),
            })
            .collect();
        for (request, speaks) in requests.iter().zip(ask_all(&requests)) {
            assert_eq!(speaks, ask(request));
        }
    }
}
