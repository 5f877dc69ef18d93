//! What keeping exchanges costs: `cargo run --release -p navyd-hub --example capture [COUNT]`.
//!
//! Tells a capture of COUNT exchanges (100,000 unless said otherwise) with bodies of 1 KiB, once of traffic that repeats
//! itself and once of traffic of which every URL and body is another, and prints processor time, memory and the time of
//! questions. Processor time is that of all threads, as Linux counts it; making the batches is part of it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use navyd_gateway::tap::{Batch, Begin, Event, FlowId, Mark, Plane, What};
use navyd_hub::capture::{Capture, Limits, Question, Settings, Source};
use navyd_model::exchange::{Outcome, Side};

/// How many exchanges are told at once: what fits into a batch of the gateway.
const TOGETHER: usize = 40;

const BODY: usize = 1024;

fn main() {
    let count = std::env::args().nth(1).map_or(100_000, |text| text.parse().expect("a number"));
    for (name, distinct) in [("repeated", false), ("distinct", true)] {
        measure(name, distinct, count);
    }
}

fn measure(name: &str, distinct: bool, count: usize) {
    let directory = std::env::temp_dir().join(format!("navyd-bench-{}-{name}", std::process::id()));
    let told = Arc::new(AtomicBool::new(false));
    let before = processor();
    let source = Made { distinct, left: count, next: 1, made: Template::new(), told: Arc::clone(&told) };
    let settings =
        Settings { directory: directory.clone(), limits: Limits::default(), reveal: false, export: None };
    let capture = Capture::open(settings, source).unwrap();
    while !told.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(5));
    }
    capture.flush();
    let used = processor() - before;
    assert_eq!(capture.status().recorded, count as u64);
    let each = used.as_secs_f64() / count as f64;
    println!("{name}: {:.2} µs of processor time each, {:.0} a second", each * 1e6, 1.0 / each);
    println!("  {:.1} MiB on the disk, {:.1} MiB in memory", mib(capture.status().bytes), mib(memory()));
    let ask = |what: &str, question: Question| {
        let begun = Instant::now();
        let page = capture.list(&question).unwrap();
        let took = begun.elapsed().as_secs_f64() * 1e3;
        println!("  {what}: {took:.1} ms for {} of {count}", page.exchanges.len());
    };
    let text = |text: &str| Question { text: Some(text.into()), limit: 100, ..Question::default() };
    ask("newest 100", Question { limit: 100, ..Question::default() });
    ask("a word of all, before it is indexed", text("shop.localhost"));
    ask("a word of none, before it is indexed", text("quince"));
    ask("a word of one, before it is indexed", text(&format!("{:016}", count / 2)));
    let begun = Instant::now();
    thread::sleep(Duration::from_millis(500));
    while !capture.is_indexed() && begun.elapsed() < Duration::from_secs(120) {
        thread::sleep(Duration::from_millis(50));
    }
    println!(
        "  indexed after {:.1} s, {:.1} MiB on the disk",
        begun.elapsed().as_secs_f64(),
        mib(capture.status().bytes)
    );
    ask("a word of all", text("shop.localhost"));
    ask("a word of none", text("quince"));
    ask("a word of one", text(&format!("{:016}", count / 2)));
    let filter = navyd_model::filter::Filter::parse("status:>=500", jiff::Timestamp::now()).unwrap();
    ask("status:>=500", Question { filter: Some(filter), limit: 100, ..Question::default() });
    let begun = Instant::now();
    let stats = capture.stats(&Question::default()).unwrap();
    println!("  stats: {:.1} ms for {}", begun.elapsed().as_secs_f64() * 1e3, stats.exchanges);
    println!("  {:.1} MiB in memory", mib(memory()));
    drop(capture);
    fs::remove_dir_all(directory).unwrap();
}

/// Batches that are made while they are asked for.
struct Made {
    distinct: bool,
    left: usize,
    next: u64,
    made: Template,
    told: Arc<AtomicBool>,
}

impl Source for Made {
    fn next(&mut self, timeout: Duration) -> Option<Batch> {
        if self.left == 0 {
            self.told.store(true, Ordering::Relaxed);
            thread::sleep(timeout.min(Duration::from_millis(250)));
            return None;
        }
        let mut batch = Batch::default();
        for _ in 0..TOGETHER.min(self.left) {
            self.made.tell(&mut batch, self.next, self.distinct);
            self.next += 1;
            self.left -= 1;
        }
        Some(batch)
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// One exchange.
struct Template {
    begin: Begin,
    request: String,
    response: String,
    body: String,
    state: u64,
}

impl Template {
    fn new() -> Self {
        let begin = Begin {
            plane: Plane::Http { h2: false },
            route: "shop.localhost".into(),
            client: ([127, 0, 0, 1], 40_000).into(),
            ours: ([127, 0, 0, 1], 8000).into(),
            tls: false,
        };
        let number = format!("{:016}", 0);
        let request = format!(
            "GET /api/items/{number} HTTP/1.1\r\nHost: shop.localhost\r\nUser-Agent: bench/1.0\r\n\
             Accept: application/json\r\nAccept-Encoding: identity\r\nCookie: sid=0123456789abcdef\r\n\r\n"
        );
        let response = format!(
            "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n\
             Content-Type: application/json\r\nContent-Length: {BODY}\r\n\r\n"
        );
        let mut body = format!(r#"{{"number":"{number}","items":["#);
        while body.len() < BODY - 60 {
            body.push_str(r#"{"name":"apple","price":120,"tag":"0000000000000000"},"#);
        }
        body.push_str(r#"{}],"fill":""#);
        while body.len() < BODY - 2 {
            body.push('x');
        }
        body.push_str("\"}");
        Self { begin, request, response, body, state: 1 }
    }

    fn tell(&mut self, batch: &mut Batch, number: u64, distinct: bool) {
        let at = 1_795_255_200_000_000 + number as i64 * 20;
        let what = |batch: &mut Batch, late: i64, what: What| {
            batch.events.push(Event { flow: FlowId(number), at: at + late, what });
        };
        what(batch, 0, What::Begin(Box::new(self.begin.clone())));
        let server = ([127, 0, 0, 1], 3000).into();
        what(batch, 10, What::Reached { ours: ([127, 0, 0, 1], 50_000).into(), server });
        let place = self.request.find("/items/").unwrap() + 7;
        for (late, from, mark, text) in [
            (20, Side::Client, Mark::Head, &self.request),
            (400, Side::Server, Mark::Head, &self.response),
            (410, Side::Server, Mark::Body, &self.body),
        ] {
            let start = batch.bytes.len();
            batch.bytes.extend_from_slice(text.as_bytes());
            if distinct && mark == Mark::Body {
                batch.bytes[start + 11..start + 27].copy_from_slice(format!("{number:016}").as_bytes());
                // A tag of sixteen digits in each item makes bodies differ as real ones do.
                let mut tag = start + 27;
                while let Some(next) = batch.bytes[tag..].windows(7).position(|part| part == b"\"tag\":\"") {
                    self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number);
                    tag += next + 7;
                    batch.bytes[tag..tag + 16].copy_from_slice(format!("{:016x}", self.state).as_bytes());
                }
            } else if distinct && from == Side::Client {
                let place = start + place;
                batch.bytes[place..place + 16].copy_from_slice(format!("{number:016}").as_bytes());
            }
            let range = start as u32..batch.bytes.len() as u32;
            what(batch, late, What::Bytes { from, mark, range });
        }
        what(batch, 420, What::End(Outcome::Complete));
    }
}

/// Processor time of every thread that is or was.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap();
    let own: u64 = stat.split(' ').next().unwrap().parse().unwrap();
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let all = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(all.sum::<u64>().max(own))
}

/// What this process has in memory, in bytes.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1048576.0
}
