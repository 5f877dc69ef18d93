//! The store with its thread, in memory and in a file.

use std::future::Future;

use bytes::Bytes;

use super::{Bounds, Place, Selection, Store, StoreError};
use crate::{
    fixture::Folder,
    mail::{query::Query, smtp::Letter},
};

fn letter(subject: &str) -> Letter {
    Letter {
        sender: "a@b".to_owned(),
        recipients: vec!["c@d".to_owned()],
        user: None,
        door: None,
        bytes: Bytes::from(format!("Subject: {subject}\r\n\r\nbody of {subject}\r\n")),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn folder(name: &str) -> Folder {
    Folder::new(&format!("mail-{name}"))
}

fn file(folder: &Folder) -> Place {
    Place::File(folder.0.join("mail.db"))
}

async fn subjects(store: &Store) -> Vec<String> {
    let page = store.ask(|shelf| shelf.list(0, 100, None)).await.unwrap();
    page.messages.into_iter().map(|facts| facts.subject).collect()
}

#[test]
fn what_is_kept_is_found_changed_and_removed() {
    let folder = folder("kept");
    for place in [Place::Memory, file(&folder)] {
        let (store, keeper) = Store::open(&place, Bounds::default()).unwrap();
        block_on(async {
            let first = store.keep(letter("one")).await.unwrap();
            let second = store.keep(letter("two")).await.unwrap();
            assert!(first != second && first.len() == 22);
            assert_eq!(subjects(&store).await, ["two", "one"]);
            let key = first.clone();
            let (facts, bytes) = store.ask(move |shelf| shelf.find(&key)).await.unwrap().unwrap();
            assert_eq!((facts.subject.as_str(), &bytes[..]), ("one", &letter("one").bytes[..]));
            let (latest, _) = store.ask(|shelf| shelf.find("latest")).await.unwrap().unwrap();
            assert_eq!(latest.subject, "two");
            assert!(store.ask(|shelf| shelf.find("nothing")).await.unwrap().is_none());
            let keys = Selection::Keys(vec![first.clone(), "nothing".to_owned()]);
            assert_eq!(store.ask(move |shelf| shelf.mark(&keys, true)).await.unwrap(), 1);
            let stats = store.ask(|shelf| shelf.stats()).await.unwrap();
            assert_eq!((stats.messages, stats.unread, stats.accepted), (2, 1, 2));
            let all = Selection::All;
            store.ask(move |shelf| shelf.retag(&all, |tags| tags.push("x".to_owned()))).await.unwrap();
            assert_eq!(store.ask(|shelf| shelf.tags()).await.unwrap(), [("x".to_owned(), 2)]);
            let query = Query::parse("is:read tag:x", "");
            let page = store.ask(move |shelf| shelf.search(&query, 0, 10, None)).await.unwrap();
            assert_eq!((page.found, page.found_unread, page.messages.len()), (1, 0, 1));
            let query = Selection::Query(Query::parse("subject:one", ""));
            assert_eq!(store.ask(move |shelf| shelf.delete(&query)).await.unwrap(), 1);
            assert_eq!(subjects(&store).await, ["two"]);
            assert_eq!(store.ask(|shelf| shelf.delete(&Selection::All)).await.unwrap(), 1);
            let stats = store.ask(|shelf| shelf.stats()).await.unwrap();
            assert_eq!((stats.messages, stats.bytes, stats.deleted), (0, 0, 2));
        });
        drop(store);
        keeper.end();
    }
}

#[test]
fn what_comes_while_the_thread_is_at_work_is_kept_behind_it() {
    let (store, keeper) = Store::open(&Place::Memory, Bounds::default()).unwrap();
    block_on(async {
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let asking = store.ask(move |shelf| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            shelf.stats()
        });
        let keeping = async {
            tokio::task::yield_now().await;
            has_begun.recv().unwrap();
            let mut kept = std::pin::pin!(store.keep(letter("late")));
            // Nobody may write now, however often it is asked for.
            for _ in 0..100 {
                let turn = tokio::task::yield_now();
                let early = tokio::select! { biased; kept = &mut kept => Some(kept), () = turn => None };
                assert!(early.is_none());
            }
            go_on.send(()).unwrap();
            kept.await.unwrap()
        };
        let (stats, _) = tokio::join!(asking, keeping);
        assert_eq!(stats.unwrap().messages, 0);
        let large = Letter { bytes: vec![b'x'; super::limits::HERE + 1].into(), ..letter("") };
        store.keep(large).await.unwrap();
        assert_eq!(subjects(&store).await, ["", "late"]);
    });
    drop(store);
    keeper.end();
}

#[tokio::test(start_paused = true)]
async fn the_first_of_many_waits_for_the_others_but_not_long() {
    let (store, _keeper) = Store::open(&Place::Memory, Bounds::default()).unwrap();
    let coming = |number| (0..number).map(|_| store.coming()).collect::<Vec<_>>();
    // So many are on their way, and so many of these end at once.
    for (others, ending, waits) in [
        (super::limits::SIBLINGS - 1, 0, false),
        (super::limits::SIBLINGS, 0, true),
        (super::limits::SIBLINGS, 1, false),
        (super::limits::SIBLINGS + 1, 1, true),
    ] {
        let begun = tokio::time::Instant::now();
        let mut others_coming = coming(others);
        let ends = async {
            tokio::task::yield_now().await;
            others_coming.truncate(others - ending);
        };
        let (kept, ()) = tokio::join!(store.keep(letter("x")), ends);
        kept.unwrap();
        assert_eq!(begun.elapsed() >= super::limits::MOMENT, waits, "{others} of which {ending} end");
    }
}

#[test]
fn what_was_kept_is_understood_without_being_asked_for() {
    let folder = folder("lull");
    for place in [Place::Memory, file(&folder)] {
        let (store, keeper) = Store::open(&place, Bounds::default()).unwrap();
        block_on(async {
            let mut news = store.news();
            // Twice: the thread rests between them.
            for subject in ["one", "two"] {
                store.keep(letter(subject)).await.unwrap();
                let arrived = news.recv().await.unwrap();
                assert!(matches!(arrived, super::News::Arrived(facts) if facts.subject == subject));
            }
        });
        drop(store);
        keeper.end();
    }
}

#[test]
fn the_oldest_go_first() {
    let size = letter("00").bytes.len() as u64;
    for bounds in [Bounds { messages: 3, bytes: u64::MAX }, Bounds { messages: u64::MAX, bytes: 3 * size }] {
        let (store, keeper) = Store::open(&Place::Memory, bounds).unwrap();
        block_on(async {
            for number in 10..20 {
                store.keep(letter(&number.to_string())).await.unwrap();
            }
            assert_eq!(subjects(&store).await, ["19", "18", "17"]);
            let stats = store.ask(|shelf| shelf.stats()).await.unwrap();
            assert_eq!((stats.messages, stats.bytes, stats.deleted), (3, 3 * size, 7));
        });
        drop(store);
        keeper.end();
    }
    // One that is larger than all may be is kept alone.
    let (store, _keeper) = Store::open(&Place::Memory, Bounds { messages: 3, bytes: 1 }).unwrap();
    block_on(async {
        store.keep(letter("large")).await.unwrap();
        assert_eq!(subjects(&store).await, ["large"]);
    });
}

#[test]
fn a_file_is_read_again_and_belongs_to_one() {
    let folder = folder("again");
    let (store, keeper) = Store::open(&file(&folder), Bounds::default()).unwrap();
    // Nobody asks, so that it may not have been understood when the file is closed.
    block_on(store.keep(letter("early"))).unwrap();
    let other = Store::open(&file(&folder), Bounds::default()).map(drop);
    assert!(matches!(other, Err(StoreError::Unusable { .. })), "{other:?}");
    drop(store);
    keeper.end();
    let (store, keeper) = Store::open(&file(&folder), Bounds::default()).unwrap();
    block_on(async {
        store.keep(letter("late")).await.unwrap();
        assert_eq!(subjects(&store).await, ["late", "early"]);
    });
    drop(store);
    keeper.end();
    std::fs::write(folder.0.join("other.db"), "no database, but long enough to be looked at\n".repeat(20))
        .unwrap();
    let none = Store::open(&Place::File(folder.0.join("other.db")), Bounds::default()).map(drop);
    assert!(none.is_err());
}

#[test]
fn what_arrives_is_told() {
    let (store, _keeper) = Store::open(&Place::Memory, Bounds::default()).unwrap();
    block_on(async {
        let mut arrived = store.arrived();
        arrived.mark_unchanged();
        let query = Query::parse("subject:second", "");
        let asked = query.clone();
        let (none, after) = store.ask(move |shelf| shelf.first_after(0, &asked)).await.unwrap();
        assert!(none.is_none());
        store.keep(letter("first")).await.unwrap();
        arrived.changed().await.unwrap();
        let asked = query.clone();
        let (none, after) = store.ask(move |shelf| shelf.first_after(after, &asked)).await.unwrap();
        assert!(none.is_none());
        store.keep(letter("second")).await.unwrap();
        arrived.changed().await.unwrap();
        let (found, _) = store.ask(move |shelf| shelf.first_after(after, &query)).await.unwrap();
        assert_eq!(found.map(|facts| facts.subject), Some("second".to_owned()));
    });
}
