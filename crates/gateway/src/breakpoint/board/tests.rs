//! What is held, until when, and how much of it.

use navyd_h1::Asked;
use navyd_model::exchange::Side;

use super::{super::amend::Wrong, *};

fn wanted(filter: &str, response: bool) -> Wanted {
    Wanted { filter: filter.to_owned(), response, timeout: Duration::from_secs(1) }
}

fn held() -> Held {
    Held {
        id: 0,
        breakpoint: 0,
        from: Side::Client,
        route: Arc::from("shop.localhost/"),
        request: "GET / HTTP/1.1".to_owned(),
        head: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        body: Some(Vec::new()),
        asked: Asked::default(),
        since: Timestamp::UNIX_EPOCH,
        until: Timestamp::UNIX_EPOCH,
    }
}

/// A request of which nothing is known: only an empty filter means it.
struct Nothing;

impl Subject for Nothing {
    fn number(&self, _: Field) -> Option<f64> {
        None
    }

    fn text(&self, _: Field, _: Option<&str>, _: &navyd_model::filter::Pattern) -> Option<bool> {
        None
    }
}

#[test]
fn a_filter_asks_for_what_is_known_in_time() {
    let board = Breakpoints::new(h1::Limits::default());
    for (filter, response, expected) in [
        ("", false, None),
        ("method:POST path:/pay header.x~1", false, None),
        ("status:500", true, None),
        ("status:500", false, Some("the filter asks for more than the head of a request tells")),
        ("body~x", true, Some("the filter asks for more than the head of a request and its answer tells")),
        ("took:>1s", true, Some("the filter asks for more than the head of a request and its answer tells")),
        ("metod:GET", false, Some("`metod` is no field")),
    ] {
        let refused = board.set(wanted(filter, response)).err().map(|refused| refused.to_string());
        assert_eq!(refused.as_deref(), expected, "{filter}");
    }
    for timeout in [Duration::ZERO, Duration::from_secs(90_000)] {
        assert_eq!(board.set(Wanted { timeout, ..wanted("", false) }).err(), Some(Refused::Timeout));
    }
    let all = board.all();
    assert_eq!(all.len(), 3);
    assert!(board.holds_answers() && all.iter().all(|one| board.remove(one.id)));
    assert!(!board.is_any() && !board.holds_answers() && !board.remove(all[0].id));
}

#[test]
fn what_is_held_is_released_once_and_goes_with_its_breakpoint() {
    let board = Breakpoints::new(h1::Limits::default());
    let (point, mut told) = board.set(wanted("", false)).unwrap();
    assert!(board.catch(true, &Nothing).is_none(), "it does not hold answers");
    let caught = board.catch(false, &Nothing).unwrap();
    let mut stopped = caught.stop(held(), caught.permit()).unwrap();
    let [one] = &board.held()[..] else { panic!("one is held") };
    assert!(matches!(told.try_recv(), Ok(Notice::Held(held)) if held == *one));
    assert_eq!(board.release(one.id, Release::Answer(700)), Err(Refused::Status(700)));
    let typed = Some("GET / HTTP/1.1".to_owned());
    let refused = board.release(one.id, Release::On { head: typed, body: None });
    assert!(matches!(refused, Err(Refused::Wrong(Wrong::Head(_)))), "{refused:?}");
    assert_eq!(board.release(one.id, Release::Abort), Ok("aborted".to_owned()));
    assert_eq!(board.release(one.id, Release::Abort), Err(Refused::Gone(one.id)));
    assert_eq!(stopped.verdict.try_recv(), Ok(Verdict::Abort));
    stopped.ends("aborted");
    drop(stopped);
    assert!(matches!(told.try_recv(), Ok(Notice::Over { how, .. }) if how == "aborted"));

    let mut all: Vec<_> = (0..MOST_HELD).map(|_| caught.stop(held(), caught.permit()).unwrap()).collect();
    assert!(caught.stop(held(), caught.permit()).is_none());
    assert!(board.remove(point.id));
    assert!(all.iter_mut().all(|stopped| stopped.verdict.try_recv().is_err()) && board.held().is_empty());
    assert!(caught.stop(held(), caught.permit()).is_none(), "its breakpoint has gone");
}

#[test]
fn bodies_are_held_up_to_a_length_each_and_in_all() {
    let board = Breakpoints::new(h1::Limits::default());
    let (_point, _told) = board.set(wanted("", false)).unwrap();
    let caught = board.catch(false, &Nothing).unwrap();
    let mut permits: Vec<_> = (0..MOST_BYTES / MOST_BODY).map(|_| caught.permit()).collect();
    assert!(permits.iter_mut().all(|permit| permit.grow(MOST_BODY) && !permit.grow(1)));
    let mut late = caught.permit();
    assert!(!late.grow(1));
    permits.pop();
    assert!(late.grow(1));
}
