//! One exchange as a person reads it.

use std::io;

use navyd_model::exchange::{Body, Exchange, Hit, Interim, Message, Outcome, Party, Piece, Side, Summary};

use super::{body, details};
use crate::out::{Screen, Text, Tone, measure};

/// Prints everything, at most so many lines of each long part.
pub(super) fn print(exchange: &Exchange, most: usize, screen: &mut Screen) -> io::Result<()> {
    tell(exchange, most, &mut |line| screen.line(&line))
}

/// Takes one line after the other: all of them at once could be many times as long as what they tell.
type Take<'a> = &'a mut dyn FnMut(Text) -> io::Result<()>;

/// Everything, at most so many lines of each long part. Pure.
fn tell(exchange: &Exchange, most: usize, take: Take<'_>) -> io::Result<()> {
    let mut lines = about(&exchange.summary);
    lines.extend(causes(exchange));
    lines.extend(exchange.hits.iter().map(hit));
    let told = details::lines(&exchange.details);
    if !told.is_empty() {
        lines.push(Text::default());
        lines.extend(told);
    }
    lines.into_iter().try_for_each(&mut *take)?;
    message("request", &exchange.request, most, take)?;
    match &exchange.response {
        Some(response) => message("response", response, most, take)?,
        None if exchange.summary.protocol.is_http() => {
            take(Text::default())?;
            take(Text::of(Tone::Dim, "no response"))?;
        }
        None => {}
    }
    if !exchange.pieces.is_empty() {
        take(Text::default())?;
        take(Text::of(Tone::Dim, format!("{} pieces", exchange.pieces.len())))?;
        let mut bounded = Bounded::new(most, take);
        for one in &exchange.pieces {
            piece(one).into_iter().try_for_each(|line| bounded.take(|| line))?;
        }
        bounded.end()?;
    }
    Ok(())
}

/// What it caused, and what is not known to be its doing or another's.
fn causes(exchange: &Exchange) -> Vec<Text> {
    let join = |ids: &[u64], by: &str| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(by);
    let mut lines = Vec::new();
    if !exchange.maybe_caused_by.is_empty() {
        lines.push(labelled("cause", &format!("perhaps {}", join(&exchange.maybe_caused_by, " or "))));
    }
    if !exchange.caused.is_empty() {
        lines.push(labelled("caused", &join(&exchange.caused, " ")));
    }
    if !exchange.maybe_caused.is_empty() {
        lines.push(labelled("caused", &format!("perhaps {}", join(&exchange.maybe_caused, " "))));
    }
    lines
}

fn about(summary: &Summary) -> Vec<Text> {
    let head = Text::of(Tone::Bold, summary.id.to_string())
        .then(Tone::Bold, format!("  {} {}", summary.method, summary.target));
    let mut lines = vec![head, labelled("protocol", summary.protocol.as_str())];
    lines.push(labelled("route", &summary.route));
    lines.push(labelled("started", &format!("{:.3}", summary.started)));
    let took = summary.took_ms.map_or_else(|| "it goes on".to_owned(), measure::milliseconds);
    let wait = summary.wait_ms.map(|ms| format!(", first byte after {}", measure::milliseconds(ms)));
    lines.push(labelled("took", &format!("{took}{}", wait.unwrap_or_default())));
    lines.push(labelled("client", &who(&summary.client)));
    lines.push(labelled("server", &who(&summary.server)));
    let (sent, received) = (measure::bytes(summary.sent), measure::bytes(summary.received));
    lines.push(labelled("size", &format!("{sent} sent, {received} received")));
    if let Some(status) = summary.status {
        lines.push(labelled("status", &status.to_string()));
    }
    let outcome = match summary.outcome {
        Outcome::Complete => None,
        Outcome::Open => Some("it goes on"),
        Outcome::ClientLeft => Some("the client left before the end"),
        Outcome::ServerLeft => Some("the server left before the end"),
        Outcome::Unreached => Some("no server was reached"),
        Outcome::Fault => Some("a fault ended it"),
        Outcome::Unknown => Some("unknown: what would tell it was lost, or could not be read"),
    };
    let tone = match summary.outcome {
        Outcome::Open => Tone::Plain,
        Outcome::Unknown => Tone::Yellow,
        _ => Tone::Red,
    };
    lines.extend(outcome.map(|outcome| labelled("outcome", "").then(tone, outcome)));
    lines.extend(summary.error.as_ref().map(|error| labelled("error", "").then(Tone::Red, error)));
    if summary.lost > 0 {
        let lost = format!("{} passed without being recorded", measure::bytes(summary.lost));
        lines.push(labelled("lost", "").then(Tone::Yellow, lost));
    }
    lines.extend(summary.caused_by.map(|cause| labelled("cause", &format!("exchange {cause}"))));
    lines
}

/// `127.0.0.1:5555  curl (pid 812) of shop`.
fn who(party: &Party) -> String {
    let address = party.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let program = match (&party.program, party.pid) {
        (Some(program), Some(pid)) => format!("  {program} (pid {pid})"),
        (Some(program), None) => format!("  {program}"),
        (None, Some(pid)) => format!("  pid {pid}"),
        (None, None) => String::new(),
    };
    let project = party.project.as_ref().map(|project| format!(" of {project}")).unwrap_or_default();
    address + &program + &project
}

fn hit(hit: &Hit) -> Text {
    let side = match hit.from {
        Some(Side::Client) => ", from the client",
        Some(Side::Server) => ", from the server",
        None => "",
    };
    let told =
        format!("{} ({}{side}): asked {}, delivered {}", hit.fault, hit.kind, hit.asked, hit.delivered);
    labelled("fault", "").then(Tone::Yellow, told)
}

fn message(name: &str, message: &Message, most: usize, take: Take<'_>) -> io::Result<()> {
    if *message == Message::default() {
        return Ok(());
    }
    let mut lines = vec![Text::default(), Text::of(Tone::Dim, name)];
    for Interim { line, headers } in &message.interim {
        lines.push(Text::of(Tone::Dim, line));
        lines.extend(fields(headers));
    }
    lines.extend(message.line.as_ref().map(|line| Text::of(Tone::Bold, line)));
    lines.extend(fields(&message.headers));
    lines.into_iter().try_for_each(&mut *take)?;
    if let Some(body) = &message.body {
        if message.line.is_some() || !message.headers.is_empty() {
            take(Text::default())?;
        }
        let mut bounded = Bounded::new(most, take);
        body::each(body.text.as_deref(), body.base64.as_deref(), |line| bounded.take(|| Text::plain(line)))?;
        bounded.end()?;
        facts(body).map_or(Ok(()), |facts| take(Text::of(Tone::Dim, facts)))?;
    }
    if !message.trailers.is_empty() {
        take(Text::of(Tone::Dim, "trailers"))?;
        fields(&message.trailers).try_for_each(take)?;
    }
    Ok(())
}

fn fields(headers: &[(String, String)]) -> impl Iterator<Item = Text> {
    headers.iter().map(|(name, value)| Text::of(Tone::Dim, format!("{name}: ")).then(Tone::Plain, value))
}

/// What is to be known of a body beyond what is shown; `None` when that is all of it, as it was sent.
fn facts(body: &Body) -> Option<String> {
    let mut facts = Vec::new();
    if !body.decoded.is_empty() {
        facts.push(format!(
            "decoded from {}, {} as sent",
            body.decoded.join(", "),
            measure::bytes(body.size)
        ));
    }
    if body.kept < body.size {
        facts.push(format!("{} of {} are kept", measure::bytes(body.kept), measure::bytes(body.size)));
    }
    facts.extend(body.note.clone());
    (!facts.is_empty()).then(|| format!("({})", facts.join("; ")))
}

/// `+12.3 ms → text 5 B`, and its content below.
fn piece(piece: &Piece) -> Vec<Text> {
    let arrow = if piece.from == Side::Client { "→" } else { "←" };
    let head = format!("+{} {arrow} {} ", measure::milliseconds(piece.at_ms), piece.kind);
    let head = Text::of(Tone::Dim, head).then(Tone::Dim, measure::bytes(piece.size));
    let content = body::content(piece.text.as_deref(), piece.base64.as_deref());
    match &content[..] {
        [only] => vec![head.then(Tone::Plain, format!("  {only}"))],
        _ => {
            std::iter::once(head).chain(content.iter().map(|line| Text::plain(format!("  {line}")))).collect()
        }
    }
}

/// At most so many lines, and how many there are more.
struct Bounded<'a> {
    left: usize,
    more: usize,
    take: Take<'a>,
}

impl<'a> Bounded<'a> {
    fn new(most: usize, take: Take<'a>) -> Self {
        Self { left: most, more: 0, take }
    }

    fn take(&mut self, line: impl FnOnce() -> Text) -> io::Result<()> {
        if self.left == 0 {
            self.more += 1;
            return Ok(());
        }
        self.left -= 1;
        (self.take)(line())
    }

    fn end(self) -> io::Result<()> {
        if self.more == 0 {
            return Ok(());
        }
        (self.take)(Text::of(Tone::Dim, format!("… {} lines more: --full shows them", self.more)))
    }
}

fn labelled(label: &str, value: &str) -> Text {
    Text::of(Tone::Dim, format!("  {label:<9}")).then(Tone::Plain, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::fixture::summary, out::Look};

    fn exchange() -> Exchange {
        let address = |port: u16| Some(([127, 0, 0, 1], port).into());
        let body = Body {
            size: 28,
            kept: 28,
            media_type: Some("application/json".into()),
            decoded: vec!["gzip".into()],
            text: Some("{\"id\":7,\"name\":\"\u{202e}\"}".into()),
            ..Body::default()
        };
        let response = Message {
            line: Some("HTTP/1.1 200 OK".into()),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: Some(body),
            ..Message::default()
        };
        let request = Message {
            line: Some("GET /cart HTTP/1.1".into()),
            headers: vec![("hOst".into(), "shop.localhost".into()), ("Cookie".into(), "[redacted]".into())],
            ..Message::default()
        };
        let of = |port, program: &str, pid| Party {
            address: address(port),
            pid: Some(pid),
            program: Some(program.into()),
            project: Some("shop".into()),
        };
        Exchange {
            summary: Summary {
                client: of(5555, "curl", 812),
                server: of(3000, "node", 77),
                caused_by: Some(41),
                lost: 2048,
                ..summary(42, "GET", "http://shop.localhost:62893/cart")
            },
            request,
            response: Some(response),
            pieces: Vec::new(),
            details: serde_json::Value::Null,
            hits: vec![Hit {
                fault: "slow".into(),
                kind: "latency".into(),
                from: Some(Side::Server),
                asked: "200 ms ± 50 ms".into(),
                delivered: "213.4 ms".into(),
            }],
            caused: vec![43, 44],
            maybe_caused: vec![45, 46],
            maybe_caused_by: Vec::new(),
        }
    }

    fn shown(exchange: &Exchange, most: usize) -> String {
        let mut shown = String::new();
        let mut take = |line: Text| {
            shown.push_str(&(line.show(&Look::default()) + "\n"));
            Ok(())
        };
        tell(exchange, most, &mut take).unwrap();
        shown
    }

    #[test]
    fn an_exchange_is_shown_whole() {
        let expected = "
42  GET http://shop.localhost:62893/cart
  protocol http
  route    shop.localhost
  started  1970-01-01T00:00:00.000Z
  took     12.3 ms, first byte after 10.0 ms
  client   127.0.0.1:5555  curl (pid 812) of shop
  server   127.0.0.1:3000  node (pid 77) of shop
  size     78 B sent, 1.2 KiB received
  status   200
  lost     2.0 KiB passed without being recorded
  cause    exchange 41
  caused   43 44
  caused   perhaps 45 46
  fault    slow (latency, from the server): asked 200 ms ± 50 ms, delivered 213.4 ms

request
GET /cart HTTP/1.1
hOst: shop.localhost
Cookie: [redacted]

response
HTTP/1.1 200 OK
Content-Type: application/json

{
  \"id\": 7,
  \"name\": \"\\u{202e}\"
}
(decoded from gzip, 28 B as sent)
";
        assert_eq!(shown(&exchange(), usize::MAX), expected[1..]);
    }

    #[test]
    fn what_one_of_several_caused_says_so() {
        let mut effect = Exchange { maybe_caused_by: vec![10, 12], ..exchange() };
        effect.summary.caused_by = None;
        let shown = shown(&effect, usize::MAX);
        assert!(shown.contains("\n  cause    perhaps 10 or 12\n"), "{shown}");
    }

    #[test]
    fn a_long_body_says_how_much_more_there_is() {
        let shown = shown(&exchange(), 2);
        assert!(shown.contains("{\n  \"id\": 7,\n… 2 lines more: --full shows them\n"), "{shown}");
    }

    #[test]
    fn pieces_say_when_who_and_what() {
        let of = |at_ms, from, kind: &str, text: Option<&str>, base64: Option<&str>| Piece {
            at_ms,
            from,
            kind: kind.into(),
            size: 3,
            text: text.map(str::to_owned),
            base64: base64.map(str::to_owned),
        };
        let pieces = vec![
            of(1.5, Side::Client, "text", Some("hi!"), None),
            of(2.5, Side::Server, "binary", None, Some("AAEC")),
            of(3.0, Side::Server, "text", Some("[1]"), None),
        ];
        let stream = Exchange { pieces, response: None, ..exchange() };
        let shown = shown(&stream, usize::MAX);
        let expected = "
no response

3 pieces
+1.5 ms → text 3 B  hi!
+2.5 ms ← binary 3 B  00000000  00 01 02                                          ...
+3.0 ms ← text 3 B
  [
    1
  ]
";
        assert!(shown.ends_with(expected), "{shown}");
    }
}
