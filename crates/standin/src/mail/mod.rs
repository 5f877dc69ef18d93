//! Mail that programs send while they are tested: all of it is kept, and none of it goes anywhere.
//!
//! - [`Mail`]: the stand-in, from its settings; [`Doors`]: where it listens
//! - [`smtp`]: takes messages; [`pop3`]: gives them back
//! - [`store`]: keeps them; [`mime`]: understands them; [`query`]: finds them
//! - [`api`]: answers over HTTP
//! - [`relay`], [`webhook`], [`links`]: what goes out, each only where it was asked for; [`away`]: by which way
//! - [`limits`]: every limit

pub mod api;
pub mod away;
pub mod limits;
pub mod links;
pub mod mime;
pub mod pop3;
pub mod query;
pub mod relay;
pub mod smtp;
pub mod store;
pub mod webhook;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use self::{
    api::{Api, Web},
    away::Away,
    links::Links,
    relay::Relay,
    smtp::{Chaos, Login, Rules, Taker, Trigger},
    store::{Bounds, Keeper, Place, Store, StoreError},
    webhook::{Untold, Webhook},
};
use crate::{
    Door, Stand, Tls,
    http::{Manners, Told, chance},
};

/// What a mail stand-in is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where messages are kept.
    pub place: Place,
    /// How many.
    pub bounds: Bounds,
    /// The longest message, in bytes.
    pub largest: usize,
    /// The only user that may send and read; anyone may where it is `None`.
    pub login: Option<Login>,
    /// What STARTTLS, STLS and the doors that are encrypted from the start shake hands with.
    pub tls: Option<Tls>,
    /// How long every reply waits.
    pub latency: Duration,
    /// How many of 1 messages fail on purpose, at MAIL.
    pub error_rate: f64,
    /// Where messages can be released to.
    pub relay: Option<Relay>,
    /// Who is told of each message.
    pub webhook: Option<Webhook>,
    /// Whether links may be checked.
    pub links: Option<Links>,
}

/// Where it listens.
#[derive(Debug, Default)]
pub struct Doors {
    /// For SMTP, each with the inbox that it fills, if it has one of its own.
    pub smtp: Vec<(Door, Option<String>)>,
    /// For SMTP that is encrypted from its first byte on.
    pub smtps: Option<Door>,
    /// For HTTP.
    pub http: Option<Door>,
    /// For HTTP in clear, beside the other.
    pub clear: Option<Door>,
    /// For POP3.
    pub pop3: Option<Door>,
}

/// A mail stand-in whose store is open.
pub struct Mail {
    settings: Settings,
    store: Store,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            place: Place::Memory,
            bounds: Bounds::default(),
            largest: limits::MESSAGE,
            login: None,
            tls: None,
            latency: Duration::ZERO,
            error_rate: 0.0,
            relay: None,
            webhook: None,
            links: None,
        }
    }
}

impl Mail {
    /// Opens the store. What is given beside it waits until everything is written, once the stand-in has ended.
    ///
    /// # Errors
    /// When its file cannot be used.
    pub fn open(settings: Settings) -> Result<(Self, Keeper), StoreError> {
        let (store, keeper) = Store::open(&settings.place, settings.bounds)?;
        Ok((Self { settings, store }, keeper))
    }

    /// What answers behind these doors. `manners` are those of HTTP; `told` is told of its exchanges, `taken` of each
    /// message, and `untold` of each that the webhook was not told of.
    #[must_use]
    pub fn stand(
        self,
        doors: Doors,
        manners: Manners,
        told: Option<Told>,
        taken: Option<&Taker>,
        untold: Option<Untold>,
    ) -> Stand {
        let Self { settings, store } = self;
        // Of a rate that is not 0 something is left.
        let percent = (settings.error_rate * 100.0).ceil().clamp(0.0, 100.0) as u8;
        let sender = Trigger { percent, ..Trigger::default() };
        let rules = Rc::new(Rules {
            largest: settings.largest,
            login: settings.login.clone(),
            starttls: settings.tls.is_some(),
            chaos: Cell::new(Chaos { sender, ..Chaos::default() }),
            arriving: Cell::new(limits::ARRIVING),
            dice: chance,
        });
        let smtp = |inbox: Option<String>| smtp::Server {
            rules: Rc::clone(&rules),
            tls: settings.tls.clone(),
            door: inbox.map(Rc::from),
            store: store.clone(),
            latency: settings.latency,
            taken: taken.cloned(),
        };
        let away = Away::default();
        let mut stand = Stand::new();
        for (door, inbox) in doors.smtp {
            stand = stand.answering(door, None, Rc::new(smtp(inbox)));
        }
        if let Some(door) = doors.smtps {
            stand = stand.answering(door, settings.tls.clone(), Rc::new(smtp(None)));
        }
        if let Some(door) = doors.pop3 {
            let server =
                pop3::Server { login: settings.login, tls: settings.tls.clone(), store: store.clone() };
            stand = stand.answering(door, None, Rc::new(server));
        }
        if let Some(webhook) = settings.webhook {
            stand = stand.beside(Box::pin(webhook.tell(store.clone(), away.clone(), untold)));
        }
        if let Some(door) = doors.http {
            let database = match &settings.place {
                Place::Memory => "memory".to_owned(),
                Place::File(path) => path.display().to_string(),
            };
            let (relay, links) = (settings.relay, settings.links);
            let stop = RefCell::default();
            let api =
                Rc::new(Api { store, rules, relay, links, away, database, since: Instant::now(), stop });
            let web = Rc::new(Web::new(api, manners, told));
            stand = stand.answering(door, settings.tls, Rc::clone(&web) as _);
            stand = doors
                .clear
                .into_iter()
                .fold(stand, |stand, door| stand.answering(door, None, Rc::clone(&web) as _));
        }
        stand
    }
}
