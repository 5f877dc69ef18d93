//! The helper beside a command: it holds the port until something listens there, keeps the name, and watches where the
//! command's processes really listen. It ends with the command.
//!
//! It is no child of the command, which might wonder about one, and has no part in its terminal but for the lines that
//! it prints. So it is started by a process in between, which leaves the terminal and ends.

use std::{
    collections::HashSet,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use navyd_model::config::Stop;
use serde::{Deserialize, Serialize};

use super::{
    adopt::{self, Bound},
    lease::{self, News, Order},
};
use crate::{
    client::{
        self, Member, Process, Signal,
        port::{self, Held, Rules},
    },
    exit::Exit,
    hub,
    out::{Failure, Screen, Text, Tone},
};

/// What the helper is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ask {
    pub(super) pid: u32,
    pub(super) id: String,
    pub(super) hosts: Vec<String>,
    pub(super) name: String,
    pub(super) project: String,
    pub(super) branch: Option<String>,
    pub(super) command: Vec<String>,
    pub(super) port: Option<u16>,
    pub(super) hub: bool,
    pub(super) capture: bool,
    pub(super) quiet: bool,
}

/// What the helper says before the command starts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) port: u16,
    pub(super) notes: Vec<String>,
}

/// Set for the helper itself, and not for the process that starts it.
const INNER: &str = "NAVYD_RUN_BESIDE";

/// The longest answer of a helper, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Between two looks while nothing listens yet: this at first, half as much again each time, up to the second.
const QUICK: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];

/// For how long a start is watched quickly. Later it is no start any more.
const STARTING: Duration = Duration::from_secs(60);

/// Between two looks at what runs.
const STEADY: Duration = Duration::from_secs(1);

/// How long it has to end when it is asked to: as a service of the hub.
const STOPPING: Duration = Stop::TIMEOUT;

/// Every so many looks also those that only the whole table shows, such as a second server.
const WHOLE: u32 = 10;

/// Starts a helper, and waits until it has the port.
pub(super) fn start(ask: &Ask) -> Result<Told, Failure> {
    let fixed = ask.port.filter(|port| !port::is_free_for_server(*port));
    if let Some(port) = fixed {
        return Err(Failure::new(format!("port `{port}` is held"))
            .cause("the command could not listen there")
            .hint(format!("navyd why {port}")));
    }
    let Some(line) = helper(ask)? else {
        // Without one there is a port all the same, since that needs nobody who stays.
        let (port, _) = choose(ask)?;
        let notes = vec!["it has no name: this system lets no helper run beside it".to_owned()];
        return Ok(Told { port, notes });
    };
    serde_json::from_str(&line).map_err(|_| {
        Failure::new("`navyd run` has no helper").cause("it ended before it had a port").hint("navyd port")
    })
}

/// The first line of a new helper; `None` where none can be.
fn helper(ask: &Ask) -> Result<Option<String>, Failure> {
    let json = serde_json::to_string(ask)
        .map_err(|error| Failure::new("`navyd run` cannot describe the command").cause(error.to_string()))?;
    let mut command = Command::new(hub::program()?);
    let child = command
        .args(["run", "--beside", &json])
        .env_remove(INNER)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return Ok(None) };
    let mut line = String::new();
    let read = child.stdout.take().map(|stdout| BufReader::new(stdout.take(LONGEST)).read_line(&mut line));
    // The process in between: the helper is its child, and lives on.
    let between = child.wait();
    let is_there = between.is_ok_and(|status| status.success()) && matches!(read, Some(Ok(1..)));
    Ok(is_there.then_some(line))
}

/// `navyd run --beside`: the process in between, and then the helper.
pub(super) fn run(json: &str, screen: &mut Screen) -> anyhow::Result<Exit> {
    let ask: Ask = serde_json::from_str(json)
        .map_err(|error| Failure::new("the helper's task cannot be read").cause(error.to_string()))?;
    if std::env::var_os(INNER).is_none() {
        if hub::leave_terminal().is_err() {
            return Ok(Exit::No);
        }
        let mut command = Command::new(hub::program()?);
        command.args(["run", "--beside", json]).env(INNER, "1").stdin(Stdio::null()).current_dir("/");
        return Ok(if command.spawn().is_ok() { Exit::Yes } else { Exit::No });
    }
    // Before the answer, so that it is the process that asks: that has the same number after it became the command.
    let Ok(process) = Process::open(ask.pid) else { return Ok(Exit::No) };
    let (port, held) = choose(&ask)?;
    screen.json_line(&Told { port, notes: Vec::new() })?;
    screen.flush()?;
    let watch = Watch::new(ask, port, held);
    watch.until_the_end(&process, screen)
}

/// The port that was asked for; else the first of the name's own that nobody holds, and holds it. A port that a person
/// chose is not held, which is the way for servers that a held one would refuse.
fn choose(ask: &Ask) -> Result<(u16, Option<Held>), Failure> {
    if let Some(port) = ask.port {
        return Ok((port, None));
    }
    // Two that start at the same time would both find the same port free: one after the other they do not.
    let _turn = lease::turn();
    let order = port::stable_order(&ask.project, &ask.name, ask.branch.as_deref(), &Rules::here());
    let free = order.into_iter().filter(|port| port::is_free_for_server(*port));
    let held = free.filter_map(|port| Held::on(port).ok()).next().ok_or_else(|| {
        Failure::new(format!("`{}` has no port", ask.name))
            .cause("every port from 20000 to 29999 is held or reserved")
            .hint("navyd run --port 3000 -- npm run dev")
    })?;
    Ok((held.port(), Some(held)))
}

/// A command that is watched.
struct Watch {
    ask: Ask,
    port: u16,
    held: Option<Held>,
    /// Its processes, so that those who lose their parents are still known.
    known: HashSet<(u32, u64)>,
    /// Where its name leads.
    led: Option<SocketAddr>,
    /// The listener there, by the number that no other has.
    listener: Option<u64>,
    looks: u32,
    orders: Sender<Order>,
    news: Receiver<News>,
    url: Option<String>,
    /// What was said last.
    said: Option<(String, SocketAddr)>,
    /// When whatever has not ended is killed, once it was asked to end.
    deadline: Option<Instant>,
}

impl Watch {
    fn new(ask: Ask, port: u16, held: Option<Held>) -> Self {
        let (orders, told) = channel();
        let (tell, news) = channel();
        if ask.hub {
            let (ask, orders) = (ask.clone(), orders.clone());
            // It ends with the process: it may wait for the hub, and nobody for it.
            thread::spawn(move || lease::keep(&ask, port, &told, &orders, &tell));
        }
        Self {
            ask,
            port,
            held,
            known: HashSet::new(),
            led: None,
            listener: None,
            looks: 0,
            orders,
            news,
            url: None,
            said: None,
            deadline: None,
        }
    }

    fn until_the_end(mut self, process: &Process, screen: &mut Screen) -> anyhow::Result<Exit> {
        let begun = Instant::now();
        let mut pause = QUICK[0];
        while !process.wait(pause) {
            self.look();
            // Somebody who closed the terminal reads no more; the name stays.
            let _ = self.hear(screen);
            if self.deadline.is_some() {
                return self.end(process, screen);
            }
            pause = match self.led {
                None if begun.elapsed() < STARTING => (pause * 3 / 2).min(QUICK[1]),
                Some(led) if !self.is_said(led) && begun.elapsed() < STARTING => QUICK[0],
                _ => STEADY,
            };
        }
        Ok(Exit::Yes)
    }

    /// Waits until nothing runs any more of a command that was asked to end, and kills what takes too long. Only
    /// then does its name go, which tells whoever asked.
    fn end(mut self, process: &Process, screen: &mut Screen) -> anyhow::Result<Exit> {
        let mut is_told = false;
        loop {
            let has_ended = process.wait(QUICK[1]);
            let left = self.tree((!has_ended).then_some(self.ask.pid));
            if left.is_empty() {
                return Ok(Exit::Yes);
            }
            if has_ended {
                // There is nothing to wait for but those whom nobody here may wait for.
                thread::sleep(QUICK[1]);
            }
            if self.deadline.is_none_or(|deadline| Instant::now() < deadline) {
                continue;
            }
            // Whoever is born meanwhile is killed the next time.
            signal(&left, Signal::Kill);
            if !is_told && !self.ask.quiet {
                // Somebody who closed the terminal reads no more.
                let _ = screen.note(format!("killed: it had not ended after {} s", STOPPING.as_secs()));
                let _ = screen.flush();
            }
            is_told = true;
        }
    }

    /// Looks where the command listens, and leads its name there.
    fn look(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        if !self.looks.is_multiple_of(WHOLE) && self.is_still_there() {
            return;
        }
        let (bound, listener) = self.bound();
        if bound == self.led {
            self.listener = listener;
            return;
        }
        (self.led, self.listener) = (bound, listener);
        // Whoever listens has the port for himself now; when he is gone, it is kept for whoever comes next.
        self.held = match bound {
            None if self.ask.port.is_none() => Held::on(self.port).ok(),
            _ => None,
        };
        // The thread at the other end waits for the hub at most, and ends only with the process.
        let _ = self.orders.send(Order::Lead(bound));
    }

    /// Whether the listener that the name leads to is the one that was seen: one look at one port.
    fn is_still_there(&self) -> bool {
        let (Some(led), Some(listener)) = (self.led, self.listener) else { return false };
        client::listening(Some(led.port()))
            .iter()
            .any(|socket| socket.cookie.unwrap_or(socket.inode) == listener)
    }

    /// Where the command's processes listen, and by which socket.
    fn bound(&mut self) -> (Option<SocketAddr>, Option<u64>) {
        let sockets = client::listening(None);
        let tree = adopt::tree(&client::members(), Some(self.ask.pid), &mut self.known);
        let pids: Vec<u32> = tree.into_iter().collect();
        let inodes = client::inodes(&pids);
        let own = sockets.iter().filter(|socket| inodes.contains(&socket.inode));
        let made = |cookie: Option<u64>, inode| cookie.unwrap_or(inode);
        let bound: Vec<Bound> = own
            .map(|socket| Bound {
                local: socket.local,
                v6only: socket.v6only,
                made: made(socket.cookie, socket.inode),
            })
            .collect();
        let chosen = adopt::choose(&bound, self.port, self.led);
        let listener = chosen.and_then(|chosen| {
            bound.iter().find(|bound| bound.local.port() == chosen.port()).map(|bound| bound.made)
        });
        (chosen, listener)
    }

    /// Every process of the command that lives, its first too unless that has ended.
    fn tree(&mut self, root: Option<u32>) -> Vec<Member> {
        let mut members = client::members();
        let tree = adopt::tree(&members, root, &mut self.known);
        members.retain(|member| tree.contains(&member.pid) && !member.ended);
        members
    }

    /// Says what is to be said.
    fn hear(&mut self, screen: &mut Screen) -> std::io::Result<()> {
        let all: Vec<News> = self.news.try_iter().collect();
        // Before anything that is said, which nobody may read any more.
        if all.iter().any(|news| matches!(news, News::Stop)) {
            signal(&self.tree(Some(self.ask.pid)), Signal::Terminate);
            self.deadline = Some(Instant::now() + STOPPING);
        }
        for news in all {
            match news {
                News::Named { url, taken } => {
                    if !self.ask.quiet
                        && let Some(host) = taken.first()
                    {
                        screen.note(format!("`{host}` leads elsewhere already"))?;
                    }
                    self.url = Some(url);
                }
                News::Leads(led) => {
                    let Some(url) = &self.url else { continue };
                    let now = (url.clone(), led);
                    if !self.ask.quiet && self.said.as_ref() != Some(&now) {
                        screen.say(&Text::of(Tone::Bold, url).then(Tone::Plain, format!(" → {led}")))?;
                    }
                    self.said = Some(now);
                }
                News::Unnamed(why) if !self.ask.quiet => screen.note(format!("it has no name: {why}"))?,
                News::Unnamed(_) => {}
                News::Stop => screen.note("told to end by `navyd stop`")?,
            }
        }
        Ok(())
    }

    /// Whether all has been said, or never will be.
    fn is_said(&self, led: SocketAddr) -> bool {
        !self.ask.hub || self.said.as_ref().is_some_and(|(_, said)| *said == led)
    }
}

fn signal(members: &[Member], signal: Signal) {
    for member in members {
        // Whoever has the number of one that has ended meanwhile is left alone.
        if let Ok(process) = Process::open(member.pid)
            && process.is(member.started)
        {
            // It has ended just now, or does not belong to this user any more: both are not ours to end.
            let _ = process.signal(signal);
        }
    }
}
