//! Running a tool of the system: with an end to its time and to what is read of it.

use std::{
    ffi::OsString,
    io::{self, Read, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use navyd_model::text::shell_word;

/// How long a tool may take. `update-ca-certificates` takes 20 s on a slow machine with a Java beside it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// How much is read of each of a tool's streams: a bundle of all certificates is 250 KiB.
const MOST: u64 = 4 * 1024 * 1024;
/// How often an ending tool is looked at, once it has closed its streams.
const LOOK: Duration = Duration::from_millis(5);

/// A program with its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The program: a path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What it reads.
    pub input: Vec<u8>,
    /// Variables that are set for it, besides those of this process.
    pub environment: Vec<(String, OsString)>,
}

/// What a program did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Whether it said that it succeeded.
    pub success: bool,
    /// What it answered.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl Call {
    /// A call without input.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self { program: program.into(), args: args.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// With something to read.
    pub fn reading(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// As a person would type it; only for reading.
    pub fn shown(&self) -> String {
        let words: Vec<String> = std::iter::once(self.program.clone().into_os_string())
            .chain(self.args.iter().cloned())
            .map(|word| shell_word(&word.to_string_lossy()))
            .collect();
        words.join(" ")
    }

    /// Runs it to its end, which comes after `patience` at the latest: then it is killed.
    ///
    /// # Errors
    /// When it cannot be started, and when it did not end in time.
    pub fn run(&self, patience: Duration) -> io::Result<Ran> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            // Answers are read by this program, so they are not to be translated.
            .env("LC_ALL", "C")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let ended = self.attend(&mut child, Instant::now() + patience);
        if ended.is_err() {
            // It may have ended meanwhile; until it is waited for, its process id is its own.
            let _ = child.kill();
            let _ = child.wait();
        }
        ended
    }

    fn attend(&self, child: &mut Child, end: Instant) -> io::Result<Ran> {
        let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
        if let Some(mut stdin) = child.stdin.take() {
            // Inputs are below the 64 KiB that a pipe takes; a program that does not read its own says so itself.
            let _ = stdin.write_all(&self.input);
        }
        let late = || io::Error::new(io::ErrorKind::TimedOut, "it did not end in time");
        let left = || end.saturating_duration_since(Instant::now());
        let stdout = stdout.recv_timeout(left()).map_err(|_| late())?;
        let stderr = stderr.recv_timeout(left()).map_err(|_| late())?;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Ran { success: status.success(), stdout, stderr });
            }
            if left().is_zero() {
                return Err(late());
            }
            thread::sleep(LOOK);
        }
    }
}

/// Reads a stream on a thread of its own, which ends with the stream.
fn read(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What was read until an error is what there is.
            let _ = stream.take(MOST).read_to_end(&mut bytes);
        }
        // Nobody waits any more when time ran out.
        let _ = tell.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    told
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Call {
        Call::new("/bin/sh", ["-c", script])
    }

    #[test]
    fn a_program_reads_and_answers() {
        let ran = sh("cat; echo talk >&2; exit 3").reading("in").run(PATIENCE).unwrap();
        assert_eq!(ran, Ran { success: false, stdout: "in".into(), stderr: "talk\n".into() });
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        for script in ["read x < /dev/full; while :; do :; done", "exec >&- 2>&-; while :; do :; done"] {
            let ended = sh(script).run(Duration::from_millis(50));
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut, "{script}");
        }
    }

    #[test]
    fn a_call_is_shown_as_it_is_typed() {
        let call = Call::new("/bin/x", ["-t", "C,,", "it's here", ""]);
        assert_eq!(call.shown(), r"/bin/x -t C,, 'it'\''s here' ''");
    }
}
