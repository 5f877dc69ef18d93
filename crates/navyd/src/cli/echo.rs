//! `navyd echo`: a server that says what it was asked.
//!
//! Arguments as written become one of five ways to echo. Deliberately absent: what is answered, which is
//! `standin::echo`, `ws`, `sse` and `raw`.

use std::rc::Rc;

use navyd_standin::{
    Stand,
    echo::Echo as Mirror,
    http::{Hosts, Manners, Server, Site},
    raw::{self, echoing},
    sse::Events,
    ws,
};

use super::{
    Command, Stage,
    standin::{self, Flags, Place, Ready},
};
use crate::exit::Exit;

/// Answer with what was asked, as httpbin does
///
/// Over HTTP it has the routes of httpbin and answers as it does: a status, a delay, a redirect, a cookie, a password,
/// a coding. A page with all of them is at `/`. Over WebSocket, TCP and UDP what comes goes back.
#[derive(Debug, clap::Parser)]
#[command(
    name = "echo",
    after_long_help = "Examples:\n  \
        navyd echo                         the routes of httpbin\n  \
        navyd echo --ws --port 9001        messages come back\n  \
        navyd echo --sse                   an event each second: /?count=0&interval=0.1\n  \
        navyd echo --tcp --port 7007       bytes come back\n  \
        navyd echo --udp --log             datagrams come back, and are printed\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Echo {
    /// Speak HTTP, with the routes of httpbin: what it does if not told otherwise
    #[arg(long, group = "way")]
    http: bool,

    /// Speak WebSocket: each message comes back
    #[arg(long, group = "way")]
    ws: bool,

    /// Send events: a count, or the lines of what is posted
    #[arg(long, group = "way")]
    sse: bool,

    /// Send bytes back
    #[arg(long, group = "way")]
    tcp: bool,

    /// Send datagrams back
    #[arg(long, group = "way")]
    udp: bool,

    #[command(flatten)]
    flags: Flags,
}

impl Command for Echo {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match (self.udp, self.tcp, self.ws, self.sse) {
            (true, ..) => datagrams(&self.flags, stage),
            (_, true, ..) => bytes(&self.flags, stage),
            (.., true, _) => site(&self.flags, stage, "ws", "sends messages back", || Rc::new(ws::Echo)),
            (.., true) => site(&self.flags, stage, "http", "sends events", || Rc::new(Events)),
            _ => site(&self.flags, stage, "http", "says what it was asked", || Rc::new(Mirror)),
        }
    }
}

/// `scheme`: without TLS.
fn site(
    flags: &Flags,
    stage: &mut Stage,
    scheme: &'static str,
    does: &str,
    site: impl FnOnce() -> Rc<dyn Site> + Send + 'static,
) -> anyhow::Result<Exit> {
    let door = flags.door(None, "echo", None)?;
    let clear = flags.clear("echo")?;
    let tls = flags.tls(&[&door], stage)?;
    // There is nothing to read here but what the asker sent: it may ask by any name.
    let manners = Manners { hosts: Hosts::Any, ..flags.manners()? };
    let scheme = match (scheme, &tls) {
        ("ws", Some(_)) => "wss",
        (_, Some(_)) => "https",
        (plain, None) => plain,
    };
    let ready = Ready {
        kind: "echo",
        does: does.to_owned(),
        reach: "use it",
        places: vec![Place::of(scheme, &door).led(clear.as_ref())],
    };
    standin::stand(flags, stage, &ready, move |log| {
        standin::web(door, tls, clear, Server { site: site(), manners, told: log.exchanges() })
    })
}

fn bytes(flags: &Flags, stage: &mut Stage) -> anyhow::Result<Exit> {
    flags.heeded("echo --tcp", &["--tls", "--latency", "--error-rate"])?;
    let door = flags.door(None, "echo", None)?;
    let tls = flags.tls(&[&door], stage)?;
    let (scheme, manner) = (if tls.is_some() { "tls" } else { "tcp" }, flags.manner());
    let does = "sends bytes back".to_owned();
    let ready = Ready { kind: "echo", does, reach: "use it", places: vec![Place::of(scheme, &door)] };
    standin::stand(flags, stage, &ready, move |log| {
        Stand::new().answering(door, tls, Rc::new(raw::Echo { manner, told: log.ends() }))
    })
}

fn datagrams(flags: &Flags, stage: &mut Stage) -> anyhow::Result<Exit> {
    flags.heeded("echo --udp", &["--latency", "--error-rate"])?;
    let packets = flags.packets("echo")?;
    let (place, manner) = (Place::datagrams(&packets), flags.manner());
    let does = "sends datagrams back".to_owned();
    let ready = Ready { kind: "echo", does, reach: "use it", places: vec![place] };
    standin::stand(flags, stage, &ready, move |log| Stand::new().beside(echoing(packets, manner, log.ends())))
}
