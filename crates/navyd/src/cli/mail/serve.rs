//! `navyd mail` without a verb: the server.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    rc::Rc,
};

use navyd_hub::private_directory;
use navyd_standin::{
    Door,
    mail::{
        self, Doors, Settings, limits,
        links::Links,
        relay::{NoRelay, Relay},
        smtp::{Login, Taken, Taker},
        store::{Bounds, Place as Kept, StoreError},
        webhook::{Untold, Webhook},
    },
};

use super::super::{
    Stage,
    standin::{self, Entry, Flags, Log, Place, Ready},
};
use crate::{exit::Exit, hub, out::Failure};

/// Where Mailpit listens, and so where programs look for mail.
const SMTP: u16 = 1025;
const HTTP: u16 = 8025;
const POP3: u16 = 1110;

/// The longest password that is read from a file, with the end of its line, in bytes.
const LONGEST_PASSWORD: u64 = 4096;

/// As typed.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// SMTP at this port; 0 for any that is free [default: 1025]
    #[arg(long, value_name = "PORT")]
    smtp: Option<u16>,

    /// Pages and APIs at this port, as --port [default: 8025]
    #[arg(long, value_name = "PORT", conflicts_with = "port")]
    http: Option<u16>,

    /// POP3 at this port [default: 1110]
    #[arg(long, value_name = "PORT")]
    pop3: Option<u16>,

    /// SMTP that is encrypted from its first byte, at this port; with --tls
    #[arg(long, value_name = "PORT", requires = "tls")]
    smtps: Option<u16>,

    /// Another port for SMTP, whose mail is in this inbox; may be repeated
    #[arg(long, value_name = "NAME=PORT", value_parser = inbox)]
    inbox: Vec<(String, u16)>,

    /// Keep messages in memory alone; so it is where the port for SMTP is any
    #[arg(long, conflicts_with = "data")]
    memory: bool,

    /// Keep messages in this file; without it, in one for each port of SMTP, below $XDG_DATA_HOME/navyd/mail
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Keep so many messages; the oldest go first
    #[arg(long, value_name = "N", default_value_t = limits::KEPT, value_parser = clap::value_parser!(u64).range(1..))]
    max_messages: u64,

    /// Keep so many bytes of messages, such as 500m
    #[arg(long, value_name = "SIZE", default_value = "1g", value_parser = size)]
    max_bytes: u64,

    /// Take messages of this size at most
    #[arg(long, value_name = "SIZE", default_value = "50m", value_parser = size)]
    max_size: u64,

    /// Let messages be released to this server: host:port, or smtps://user:password@host, or smtp://host?tls=required;
    /// NAVYD_RELAY keeps it out of the list of processes
    #[arg(long, value_name = "SERVER", env = "NAVYD_RELAY", hide_env_values = true)]
    relay: Option<String>,

    /// Take the password for --relay from the first line of this file
    #[arg(long, value_name = "FILE", requires = "relay")]
    relay_password: Option<PathBuf>,

    /// Tell this address of each message, over HTTP or HTTPS
    #[arg(long, value_name = "URL", value_parser = webhook)]
    webhook: Option<Webhook>,

    /// Let links of messages be checked: that sends requests to where they lead, but never into this network
    #[arg(long)]
    check_links: bool,

    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (doors, smtp) = self.doors()?;
        let ready = Ready {
            kind: "mail",
            does: "keeps mail".to_owned(),
            reach: "send mail to it and read all of it",
            places: places(&doors, self.flags.tls),
        };
        let all: Vec<&Door> = every(&doors);
        let tls = self.flags.tls(&all, stage)?;
        drop(all);
        let (login, relay) = (self.login()?, self.relay()?);
        let place = self.place(smtp)?;
        let manners = self.flags.manners()?;
        let settings = Settings {
            place: place.clone(),
            bounds: Bounds { messages: self.max_messages, bytes: self.max_bytes },
            largest: usize::try_from(self.max_size).unwrap_or(usize::MAX),
            login,
            tls,
            latency: manners.latency,
            error_rate: manners.error_rate,
            relay,
            webhook: self.webhook,
            links: self.check_links.then(Links::default),
        };
        let (mail, keeper) = mail::Mail::open(settings).map_err(|error| unopened(&place, &error))?;
        let exit = standin::stand(&self.flags, stage, &ready, move |log| {
            let (told, taken, untold) = (log.exchanges(), letters(&log), untold(&log));
            mail.stand(doors, manners, told, taken.as_ref(), untold)
        })?;
        // Who was told twice to end waits for nothing; what was taken is kept all the same.
        if exit == Exit::Yes {
            keeper.end();
        }
        Ok(exit)
    }

    /// The doors, and the port of the first one for SMTP as it was asked for.
    fn doors(&self) -> Result<(Doors, u16), Failure> {
        // With `--port 0` any port will do for all that are not named.
        let usual = |port: u16| if self.flags.port == Some(0) { 0 } else { port };
        let asked = self.smtp.unwrap_or(usual(SMTP));
        let open = |port: u16| self.flags.door(Some(port), "mail", None);
        let mut smtp = vec![(open(asked)?, None)];
        for (name, port) in &self.inbox {
            smtp.push((open(*port)?, Some(name.clone())));
        }
        let doors = Doors {
            smtp,
            smtps: self.smtps.map(open).transpose()?,
            http: Some(open(self.http.or(self.flags.port).unwrap_or(HTTP))?),
            clear: self.flags.clear("mail")?,
            pop3: Some(open(self.pop3.unwrap_or(usual(POP3)))?),
        };
        Ok((doors, asked))
    }

    fn login(&self) -> Result<Option<Login>, Failure> {
        let parse = |text| {
            Login::parse(text).ok_or_else(|| {
                Failure::new("`--auth` is no user and password")
                    .cause("a colon stands between the two")
                    .hint("NAVYD_AUTH=me:secret navyd mail")
            })
        };
        self.flags.auth().map(parse).transpose()
    }

    /// The server that messages are released to. What was written may have a password in it, and is not repeated.
    fn relay(&self) -> Result<Option<Relay>, Failure> {
        let Some(text) = &self.relay else { return Ok(None) };
        let failed = |wrong: NoRelay| {
            Failure::new(format!("`--relay` {wrong}"))
                .cause("mail can be released to a server of SMTP")
                .hint("NAVYD_RELAY='smtps://user:password@mail.example' navyd mail")
        };
        let relay = Relay::parse(text).map_err(failed)?;
        let Some(file) = &self.relay_password else { return Ok(Some(relay)) };
        let unread = |cause: String| {
            Failure::new(format!("the password in `{}` cannot be read", file.display()))
                .cause(cause)
                .hint("navyd mail --relay smtps://user@mail.example --relay-password FILE")
        };
        let mut first = String::new();
        let opened = File::open(file).map_err(|error| unread(error.to_string()))?;
        let read = BufReader::new(opened.take(LONGEST_PASSWORD)).read_line(&mut first);
        read.map_err(|error| unread(error.to_string()))?;
        let password = first.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(unread("its first line is empty".to_owned()));
        }
        relay.with_password(password).map(Some).map_err(failed)
    }

    fn place(&self, port: u16) -> Result<Kept, Failure> {
        if let Some(file) = &self.data {
            return Ok(Kept::File(file.clone()));
        }
        if self.memory || port == 0 {
            return Ok(Kept::Memory);
        }
        let folder = hub::places()?.mail();
        private_directory(&folder).map_err(|error| {
            Failure::new(format!("mail cannot be kept in `{}`", folder.display()))
                .cause(error.to_string())
                .hint("navyd mail --memory")
        })?;
        Ok(Kept::File(folder.join(format!("{port}.db"))))
    }
}

/// All doors, what people open first before the others.
fn every(doors: &Doors) -> Vec<&Door> {
    let smtp = doors.smtp.iter().map(|(door, _)| door);
    doors.http.iter().chain(smtp).chain(&doors.smtps).chain(&doors.pop3).collect()
}

fn places(doors: &Doors, tls: bool) -> Vec<Place> {
    let scheme = if tls { "https" } else { "http" };
    let http = doors.http.iter().map(|door| Place::of(scheme, door).led(doors.clear.as_ref()));
    let smtp = doors.smtp.iter().map(|(door, _)| Place::of("smtp", door));
    let smtps = doors.smtps.iter().map(|door| Place::of("smtps", door));
    let pop3 = doors.pop3.iter().map(|door| Place::of("pop3", door));
    http.chain(smtp).chain(smtps).chain(pop3).collect()
}

/// What is called for each message; `None` where no log is kept.
fn letters(log: &Log) -> Option<Taker> {
    log.exchanges()?;
    let log = log.clone();
    Some(Rc::new(move |taken: &Taken<'_>| {
        log.tell(Entry {
            kind: Some("smtp"),
            peer: Some(taken.peer),
            method: format!("<{}>", taken.sender),
            target: taken.recipients.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(","),
            status: Some(if taken.outcome.is_ok() { 250 } else { 452 }),
            bytes: taken.bytes as u64,
            took_ms: (taken.took.as_secs_f64() * 1e6).round() / 1e3,
            error: taken.outcome.as_ref().err().map(ToString::to_string),
            ..Entry::default()
        });
    }))
}

/// What is called for each message that the webhook was not told of.
fn untold(log: &Log) -> Option<Untold> {
    if !log.is_kept() {
        return None;
    }
    let log = log.clone();
    Some(Rc::new(move |address, why| {
        let (method, target) = ("POST".to_owned(), address.to_owned());
        log.tell(Entry {
            kind: Some("webhook"),
            method,
            target,
            error: Some(why.to_owned()),
            ..Entry::default()
        });
    }))
}

fn unopened(place: &Kept, error: &StoreError) -> Failure {
    let shown = match place {
        Kept::Memory => "memory".to_owned(),
        Kept::File(path) => shown(path),
    };
    let cause = match error {
        StoreError::Unusable { why, .. } => (*why).to_owned(),
        other => other.to_string(),
    };
    Failure::new(format!("mail cannot be kept in `{shown}`")).cause(cause).hint("navyd mail --memory")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn inbox(text: &str) -> Result<(String, u16), String> {
    let (name, port) = text.split_once('=').ok_or("is no name and port, such as `billing=2525`")?;
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '@');
    if name.is_empty() || !name.chars().all(fits) {
        return Err("has a name of letters, digits and -_.@".to_owned());
    }
    port.parse().map(|port| (name.to_owned(), port)).map_err(|_| "has no port behind the `=`".to_owned())
}

/// A size as `2000`, `500k`, `50m`, `1g`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("is no size, such as `50m`".to_owned()),
    };
    let size =
        digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|size| *size > 0);
    size.ok_or_else(|| "is no size, such as `50m`".to_owned())
}

fn webhook(text: &str) -> Result<Webhook, String> {
    Webhook::parse(text).ok_or_else(|| "is no address, such as `http://localhost:3000/hook`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_inboxes_are_read() {
        for (text, expected) in [
            ("2000", Some(2000)),
            ("50m", Some(50 << 20)),
            ("1G", Some(1 << 30)),
            ("3KiB", Some(3072)),
            ("0", None),
            ("-1", None),
            ("1t", None),
            ("99999999999g", None),
            ("", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
        assert_eq!(inbox("billing=2525"), Ok(("billing".to_owned(), 2525)));
        for wrong in ["billing", "=1", "a b=1", "a=x", "a=99999"] {
            assert!(inbox(wrong).is_err(), "{wrong}");
        }
    }
}
