//! Routes with a gateway of their own.

use std::fs;

use navyd_model::{Service, hub::HubEvent};
use tokio::sync::{broadcast, watch};

use super::*;
use crate::scratch::Scratch;

struct Open {
    book: Book,
    events: broadcast::Receiver<Arc<HubEvent>>,
    scratch: Scratch,
}

impl Open {
    fn new() -> Self {
        let scratch = Scratch::new();
        let any = "127.0.0.1:0".parse().unwrap();
        let doors = Arc::new(
            Doors::open(vec![any], Vec::new(), 1, scratch.path().join("hub.sock"), None, None).unwrap(),
        );
        let events = Arc::new(Events::new());
        let told = events.subscribe();
        let (book, notes) = Book::open(doors, events, scratch.path().join("routes.json"), Found::default());
        assert_eq!(notes, Vec::<String>::new());
        Self { book, events: told, scratch }
    }

    fn list(&self) -> Vec<String> {
        self.book.list().iter().map(|route| format!("{} {:?}", route.from, route.kept_by)).collect()
    }

    /// What was told since the last time.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            match &event.what {
                Happened::Route { change, route } => told.push(format!("{change:?} {}", route.from)),
                other => panic!("{other:?}"),
            }
        }
        told
    }
}

fn route(text: &str) -> Route {
    text.parse().unwrap()
}

fn of_service(text: &str) -> Routed {
    let service = Service::new("web.shop", "web", navyd_model::Phase::Ready, jiff::Timestamp::UNIX_EPOCH);
    Routed { service: Some(watch::Sender::new(service).subscribe()), ..Routed::from(route(text)) }
}

#[test]
fn a_lease_comes_and_goes_as_one_and_never_reaches_the_disk() {
    let mut open = Open::new();
    let (a, b, c) =
        ("a.localhost=http://[::1]:1", "b.localhost=http://[::1]:1", "c.localhost=http://[::1]:1");
    open.book.add(&route(a), true).unwrap();
    open.book.lease("web.shop", vec![of_service(b)]).unwrap();
    open.book.lease("web.shop", vec![of_service(b), of_service(c)]).unwrap();
    assert_eq!(open.told(), ["Added a.localhost", "Added b.localhost", "Added c.localhost"]);
    assert_eq!(open.list(), ["a.localhost Person", "b.localhost Service", "c.localhost Service"]);
    assert_eq!(open.book.list()[1].service.as_deref(), Some("web.shop"));

    // What somebody has already is not taken away, and the rest is had all the same.
    let missed = open.book.lease("web.shop", vec![of_service(b), of_service(a), of_service(c)]).unwrap();
    let [Missed { why, .. }] = &missed[..] else { panic!("{missed:?}") };
    assert_eq!(why.to_string(), "`a.localhost` leads to `http://[::1]:1` already");
    assert!(matches!(why, Refusal::Taken { holder: Holder::Person, .. }), "{why:?}");
    let missed = open.book.lease("api.shop", vec![of_service(b)]).unwrap();
    let [Missed { why: Refusal::Taken { holder, .. }, .. }] = &missed[..] else { panic!("{missed:?}") };
    assert_eq!(*holder, Holder::Service("web.shop".to_owned()));
    assert!(matches!(open.book.add(&route(b), true).unwrap_err(), Refusal::Taken { .. }));
    let refused = open.book.remove(&route(b).entry).unwrap_err();
    assert_eq!(refused.to_string(), "`b.localhost` belongs to the service `web.shop`");
    assert_eq!((open.told(), open.list().len()), (Vec::new(), 3));

    open.book.lease("web.shop", Vec::new()).unwrap();
    assert_eq!(open.told(), ["Gone b.localhost", "Gone c.localhost"]);
    let kept = fs::read_to_string(open.scratch.path().join("routes.json")).unwrap();
    assert!(kept.contains("a.localhost") && !kept.contains("b.localhost"), "{kept}");
}

#[test]
fn an_address_that_is_taken_costs_no_other_route() {
    let mut open = Open::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (a, b) = (format!("{address}=http://[::1]:1"), "b.localhost=http://[::1]:1");
    let missed = open.book.lease("web.shop", vec![of_service(&a), of_service(b)]).unwrap();
    let [Missed { entry, why: Refusal::Listen { .. } }] = &missed[..] else { panic!("{missed:?}") };
    assert_eq!(entry.to_string(), address.to_string());
    assert_eq!(open.told(), ["Added b.localhost"]);
}

#[test]
fn what_the_disk_does_not_take_does_not_happen() {
    let mut open = Open::new();
    open.book.add(&route("a.localhost=http://[::1]:1"), true).unwrap();
    open.told();
    // The new file cannot be written: a directory has its name.
    fs::create_dir(open.scratch.path().join("routes.json.new")).unwrap();
    let refused = open.book.add(&route("127.0.0.1:0=tcp://[::1]:1"), true).unwrap_err();
    assert!(matches!(refused, Refusal::Disk(_)), "{refused}");
    let refused = open.book.remove(&route("a.localhost=http://[::1]:1").entry).unwrap_err();
    assert!(matches!(refused, Refusal::Disk(_)), "{refused}");
    assert_eq!((open.list(), open.told()), (vec!["a.localhost Person".to_owned()], Vec::new()));
}

#[test]
fn an_ending_hub_takes_no_routes() {
    let open = Open::new();
    open.book.doors.close().unwrap();
    let refused = open.book.add(&route("a.localhost=http://[::1]:1"), true).unwrap_err();
    assert_eq!(refused.to_string(), "the hub is ending");
}
