//! Disks that are full, processes that are killed, bodies that never end.
//!
//! What needs a process of its own is this test binary once more, told by its environment what to do.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use super::*;
use crate::capture::limits::{BACK, FRONT};

/// Names the directory that the process of a test works in.
const INNER: &str = "NAVYD_TEST_CAPTURE";

/// This test again, in a process of its own.
fn again(before: &[&str], name: &str, directory: &Path) -> Command {
    let program = env::current_exe().unwrap();
    let mut words = before.iter().map(|word| (*word).into()).chain([program.into_os_string()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args([&format!("capture::tests::failures::{name}"), "--exact", "--nocapture"]);
    command.env(INNER, directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

fn picture(script: &mut Script, flow: u64, body: &[u8]) {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n", body.len());
    script.exchange(flow, ("GET /picture HTTP/1.1\r\nHost: h\r\n\r\n", b""), (&head, body));
}

#[test]
fn a_full_disk_loses_records_and_writing_goes_on_when_it_can() {
    if let Ok(directory) = env::var(INNER) {
        return on_a_full_disk(Path::new(&directory));
    }
    let name = "a_full_disk_loses_records_and_writing_goes_on_when_it_can";
    let scratch = Scratch::new();
    let mount = "mount -t tmpfs -o size=2m,mode=700 none \"$0\" && exec \"$@\"";
    let directory = scratch.path().to_str().unwrap();
    let alone = ["unshare", "--mount", "--propagation", "private"];
    let may = Command::new(alone[0]).args(&alone[1..]).args(["sh", "-c", mount, directory, "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {name}: no file system may be mounted here");
        return;
    }
    let before = [&alone[..], &["sh", "-c", mount, directory]].concat();
    let output = again(&before, name, scratch.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("done"), "{said}");
}

fn on_a_full_disk(directory: &Path) {
    let limits = Limits { waiting: 1 << 20, ..Limits::default() };
    let settings = Settings { limits, ..settings(directory) };
    let (to, from) = mpsc::channel();
    let capture = Capture::open(settings, Batches::from(from)).unwrap();
    let mut live = capture.follow();
    let mut script = Script::new();
    picture(&mut script, 1, &noise(1, 1000));
    to.send(script.take()).unwrap();
    live.blocking_recv().unwrap();
    capture.flush();
    assert_eq!(capture.status().trouble, None);
    // Another program fills the disk.
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![1; 8 << 20]).unwrap_err();
    for flow in 2..=100 {
        picture(&mut script, flow, &noise(flow, 50_000));
        to.send(script.take()).unwrap();
        live.blocking_recv().unwrap();
        capture.flush();
    }
    let status = capture.status();
    assert!(status.trouble.is_some(), "{status:?}");
    assert!(status.lost.exchanges > 50 && status.waiting > 0, "{status:?}");
    assert_eq!(status.lost.exchanges + status.waiting, 99, "{status:?}");
    // What waits is seen, the newest first.
    let seen = ids(&capture, &Question::default());
    assert_eq!((seen[0], seen.len() as u64), (100, status.waiting + 1));
    assert_eq!(capture.show(100).unwrap().unwrap().response.unwrap().body.unwrap().size, 50_000);
    fs::remove_file(&ballast).unwrap();
    capture.flush();
    let status = capture.status();
    assert_eq!((status.trouble, status.waiting), (None, 0));
    assert_eq!(ids(&capture, &Question::default()), seen);
    let body = capture.show(100).unwrap().unwrap().response.unwrap().body.unwrap();
    assert_eq!((body.kept, body.note), (50_000, None));
    eprintln!("done");
}

/// Ended whatever becomes of the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_killed_process_leaves_what_it_had_written() {
    if let Ok(directory) = env::var(INNER) {
        return until_killed(Path::new(&directory));
    }
    let scratch = Scratch::new();
    let mut command = again(&[], "a_killed_process_leaves_what_it_had_written", scratch.path());
    let mut child = Ends(command.spawn().unwrap());
    let said = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let mut written: Vec<u64> =
        said.map_while(Result::ok).filter_map(|line| line.parse().ok()).take(20).collect();
    drop(child);
    let last = written.pop().unwrap();
    let capture = told(settings(scratch.path()), Script::new().get(1, "/next", "{}"));
    let page = capture.list(&Question { limit: 10, ..Question::default() }).unwrap();
    assert!(page.exchanges.iter().any(|one| one.id > last), "{last}");
    for id in [1, last / 2, last] {
        let body = capture.show(id).unwrap().unwrap().response.unwrap().body.unwrap();
        assert_eq!((body.note, body.text.map(|text| text.contains("fruit"))), (None, Some(true)), "{id}");
    }
}

/// Records for ever, and says up to which exchange all is written.
fn until_killed(directory: &Path) {
    let (to, from) = mpsc::sync_channel(4);
    let capture = Capture::open(settings(directory), Batches::from(from)).unwrap();
    let mut live = capture.follow();
    let mut script = Script::new();
    for round in 0_u64.. {
        for flow in 0..50 {
            script.get(flow, &format!("/{round}/{flow}"), &format!("{{\"fruit\":{round}.{flow}}}"));
        }
        to.send(script.take()).unwrap();
        let last = (round + 1) * 50;
        while live.blocking_recv().unwrap().id < last {}
        capture.flush();
        eprintln!("{last}");
    }
}

#[test]
fn a_body_of_two_gibibytes_needs_no_more_memory_than_is_kept_of_it() {
    const PART: usize = 1 << 20;
    const PARTS: usize = 2048;
    let mut assembler = Assembler::new(1, false, |_, _| None);
    let mut out = Vec::new();
    let mut script = Script::new();
    script.begin(1, Plane::Http { h2: false }).reached(1);
    script.bytes(1, Side::Client, Mark::Head, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let length = PART * PARTS;
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {length}\r\n\r\n");
    assembler.take(&script.bytes(1, Side::Server, Mark::Head, head).take(), &mut out);
    let part = script.bytes(1, Side::Server, Mark::Body, noise(7, PART)).take();
    for _ in 0..PARTS {
        assembler.take(&part, &mut out);
        assert!(assembler.memory() <= FRONT + BACK, "{}", assembler.memory());
    }
    assembler.take(&script.what(1, What::End(Outcome::Complete)).take(), &mut out);
    let body = out[0].response_body.as_ref().unwrap();
    assert_eq!((body.size, body.front.len(), body.back.len()), (length as u64, FRONT, BACK));
    assert!(body.digest.is_some());
    assert_eq!(assembler.memory(), 0);
}

#[test]
fn what_is_in_progress_is_bounded_and_what_is_too_much_is_counted() {
    let mut assembler = Assembler::new(1, false, |_, _| None);
    let mut out = Vec::new();
    let mut script = Script::new();
    let part = vec![0; 1 << 20];
    for flow in 0..100 {
        script.begin(flow, Plane::Tcp).bytes(flow, Side::Client, Mark::Stream, &part[..(1 << 19) - 100]);
        script.bytes(flow, Side::Client, Mark::Stream, &part[..1 << 18]);
        assembler.take(&script.take(), &mut out);
        assert!(assembler.memory() <= 34 << 20, "{}", assembler.memory());
    }
    for flow in 0..100 {
        script.what(flow, What::End(Outcome::Complete));
    }
    assembler.take(&script.take(), &mut out);
    assert_eq!(out.len(), 100);
    assert!(out[0].lost == 0 && out[99].lost > 0, "{}", out[99].lost);
    assert_eq!(assembler.memory(), 0);
}

#[test]
fn a_bomb_is_kept_small() {
    let scratch = Scratch::new();
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let mut script = Script::new();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    script.exchange(1, ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", b""), (&head, &bomb));
    let capture = told(settings(scratch.path()), &mut script);
    let body = capture.show(1).unwrap().unwrap().response.unwrap().body.unwrap();
    assert!(body.kept <= 1 << 20 && body.note.is_some(), "{} {:?}", body.kept, body.note);
    assert_eq!(body.size, bomb.len() as u64);
}

#[test]
fn while_the_disk_does_not_answer_it_is_told_how_it_stood() {
    let scratch = Scratch::new();
    let capture = told(settings(scratch.path()), Script::new().get(1, "/", "{}"));
    let stood = capture.status();
    assert_eq!((stood.recorded, &stood.trouble), (1, &None));
    // Whoever writes holds it.
    let writing = capture.shared.keeping();
    let asked = thread::scope(|scope| scope.spawn(|| capture.status()).join().unwrap());
    drop(writing);
    assert_eq!(asked, navyd_model::capture::Capture { trouble: Some(SLOW.into()), ..stood.clone() });
    assert_eq!(capture.status(), stood);
}
