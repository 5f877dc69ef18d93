//! The channel: full and with room again, counted, in order.

use std::{rc::Rc, time::Duration};

use navyd_model::exchange::{Outcome, Side};
use tokio::{task::LocalSet, time::timeout};

use super::{writer::FULL, *};
use crate::Limits;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A channel with room for so much, in all and for one flow; the writer is not tended.
fn open(all: usize, one: usize) -> (Rc<Writer>, Keeper) {
    let (tap, keeper) = channel(&Limits { tap: all, tap_connection: one, ..Limits::default() });
    (Writer::new(tap), keeper)
}

fn begin(writer: &Rc<Writer>) -> Option<Flow> {
    writer.begin(|| Begin {
        plane: Plane::Tcp,
        route: "here".into(),
        client: ([127, 0, 0, 1], 1).into(),
        ours: ([127, 0, 0, 1], 2).into(),
        tls: false,
    })
}

/// Everything there is, one word for each event.
fn taken(keeper: &Keeper) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(batch) = keeper.recv_timeout(Duration::ZERO) {
        told.extend(batch.events.iter().map(|event| word(event, &batch.bytes)));
        keeper.give_back(batch);
    }
    told
}

fn word(event: &Event, bytes: &[u8]) -> String {
    let flow = event.flow.0;
    match &event.what {
        What::Begin(begin) => format!("{flow} begins at {}", begin.route),
        What::Bytes { from, range, .. } => {
            let bytes = &bytes[range.start as usize..range.end as usize];
            match bytes.len() {
                0..10 => format!("{flow} {from:?} {}", String::from_utf8_lossy(bytes)),
                many => format!("{flow} {from:?} {many}"),
            }
        }
        What::Lost { from, count } => format!("{flow} {from:?} lost {count}"),
        What::End(outcome) => format!("{flow} ends {outcome:?}"),
        other => format!("{flow} {other:?}"),
    }
}

#[test]
fn events_come_in_the_order_in_which_they_were_told() {
    let (writer, keeper) = open(1 << 20, 1 << 20);
    let (one, other) = (begin(&writer).unwrap(), begin(&writer).unwrap());
    one.bytes(Side::Client, Mark::Stream, b"abc");
    other.bytes(Side::Server, Mark::Stream, b"de");
    one.upgraded();
    one.settle(Outcome::Complete);
    drop(one);
    other.bytes(Side::Server, Mark::Datagram, b"");
    other.bytes(Side::Server, Mark::Stream, b"");
    assert_eq!(taken(&keeper), [""; 0], "nothing is full or old yet");
    drop(other);
    drop(writer);
    let expected = [
        "0 begins at here",
        "1 begins at here",
        "0 Client abc",
        "1 Server de",
        "0 Upgraded",
        "0 ends Complete",
        "1 Server ",
        "1 ends ClientLeft",
    ];
    assert_eq!(taken(&keeper), expected);
    assert!(keeper.is_over());
    assert_eq!(keeper.lost(), Lost::default());
}

#[test]
fn numbers_of_flows_are_never_used_twice() {
    let (tap, keeper) = channel(&Limits::default());
    let writers = [Writer::new(tap.clone()), Writer::new(tap)];
    for writer in writers.iter().chain(&writers) {
        begin(writer).unwrap();
    }
    drop(writers);
    let mut begun: Vec<_> = taken(&keeper).into_iter().filter(|word| word.ends_with("here")).collect();
    begun.sort();
    begun.dedup();
    assert_eq!(begun.len(), 4);
}

#[test]
fn what_one_flow_may_hold_back_is_limited_and_the_rest_is_counted() {
    let (writer, keeper) = open(1 << 24, 100_000);
    let (one, other) = (begin(&writer).unwrap(), begin(&writer).unwrap());
    for _ in 0..3 {
        one.bytes(Side::Client, Mark::Body, &[b'x'; 40_000]);
    }
    one.bytes(Side::Server, Mark::Body, &[b'x'; 20_000]);
    other.bytes(Side::Client, Mark::Body, &[b'x'; 40_000]);
    assert_eq!(keeper.lost(), Lost { flows: 0, bytes: 60_000 });
    let told = taken(&keeper);
    assert_eq!(told, ["0 begins at here", "1 begins at here", "0 Client 40000", "0 Client 40000"]);
    one.bytes(Side::Client, Mark::Body, b"again");
    drop(one);
    drop(other);
    drop(writer);
    let expected = [
        "1 Client 40000",
        "0 Client lost 40000",
        "0 Server lost 20000",
        "0 Client again",
        "0 ends ClientLeft",
        "1 ends ClientLeft",
    ];
    assert_eq!(taken(&keeper), expected);
}

#[test]
fn a_keeper_that_takes_nothing_costs_what_was_agreed_and_no_more() {
    let all = 4 * FULL;
    let (writer, keeper) = open(all, usize::MAX);
    let flow = begin(&writer).unwrap();
    for _ in 0..1000 {
        flow.bytes(Side::Server, Mark::Body, &[b'x'; 10_000]);
    }
    assert!(begin(&writer).is_none(), "it began without room");
    drop(flow);
    let lost = keeper.lost();
    assert_eq!(lost.flows, 1);
    let mut told = taken(&keeper);
    // What could not be sent goes out now.
    drop(writer);
    told.extend(taken(&keeper));
    let bytes = told.iter().filter(|word| word.ends_with(" 10000")).count() * 10_000;
    assert!(bytes <= all && bytes > all - 3 * FULL, "{bytes} of {all}");
    assert_eq!(lost.bytes, 10_000_000 - bytes as u64);
    assert_eq!(told[told.len() - 2..], [format!("0 Server lost {}", lost.bytes), "0 ends ClientLeft".into()]);
}

#[test]
fn without_a_keeper_nothing_begins() {
    let (writer, keeper) = open(1 << 20, 1 << 20);
    let flow = begin(&writer).unwrap();
    drop(keeper);
    for _ in 0..3 {
        flow.bytes(Side::Server, Mark::Body, &[b'x'; FULL]);
    }
    assert!(begin(&writer).is_none());
}

#[test]
fn memory_is_used_again() {
    let (writer, keeper) = open(1 << 20, usize::MAX);
    let flow = begin(&writer).unwrap();
    let mut places = Vec::new();
    for _ in 0..3 {
        flow.bytes(Side::Server, Mark::Body, &[b'x'; FULL]);
        flow.bytes(Side::Server, Mark::Body, b"x");
        while let Some(batch) = keeper.recv_timeout(Duration::ZERO) {
            places.push(batch.bytes.as_ptr());
            keeper.give_back(batch);
        }
    }
    assert!(places.len() >= 3 && places[1..].contains(&places[0]), "{places:?}");
}

#[tokio::test]
async fn what_is_old_goes_out_by_itself() {
    let told = async {
        let (writer, keeper) = open(1 << 20, 1 << 20);
        let tending = tokio::task::spawn_local(Rc::clone(&writer).tend());
        for flow in 0..2 {
            drop(begin(&writer).unwrap());
            let taking = async {
                loop {
                    match keeper.recv_timeout(Duration::ZERO) {
                        Some(batch) => return batch,
                        None => tokio::task::yield_now().await,
                    }
                }
            };
            let batch = timeout(PATIENCE, taking).await.unwrap();
            let words: Vec<_> = batch.events.iter().map(|event| word(event, &batch.bytes)).collect();
            assert_eq!(words, [format!("{flow} begins at here"), format!("{flow} ends ClientLeft")]);
        }
        tending.abort();
    };
    LocalSet::new().run_until(told).await;
}

#[test]
fn many_small_flows_go_out_in_few_batches() {
    let (writer, keeper) = open(1 << 24, 1 << 20);
    for _ in 0..1000 {
        begin(&writer).unwrap().bytes(Side::Client, Mark::Stream, b"abc");
    }
    let mut batches = 0;
    while let Some(batch) = keeper.recv_timeout(Duration::ZERO) {
        batches += 1;
        assert!(batch.events.len() > 100, "a batch of {}", batch.events.len());
    }
    assert!((5..10).contains(&batches), "{batches} batches");
}
