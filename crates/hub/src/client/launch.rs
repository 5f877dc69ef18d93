//! Starting a hub in the background, and waiting until it answers or says why it does not.

use std::{
    io::{self, BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a hub may take until it answers. The one before may still finish what is in flight.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How much of what it says is read.
const MOST: u64 = 16 * 1024;

/// Why a hub was not started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The program cannot be run.
    #[error("the hub cannot be started")]
    Program(#[source] io::Error),
    /// It ended before it answered, and said this.
    #[error("the hub ended as soon as it was started")]
    Ended {
        /// What it said, as a person would have read it.
        said: String,
    },
    /// It neither answers nor ends.
    #[error("the hub does not answer after {} seconds", PATIENCE.as_secs())]
    Silent,
}

/// Runs a program that becomes a hub in the background, and waits for the line by which it says that it answers.
///
/// The program leaves the terminal by itself. Nobody reads its streams after that line.
///
/// # Errors
/// When it cannot be run, ends, or says nothing in time.
pub fn launch(program: &Path, arguments: &[&str]) -> Result<String, LaunchError> {
    let mut child = Command::new(program)
        .args(arguments)
        // So that no directory is kept from being removed or unmounted.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(LaunchError::Program)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (tell, told) = mpsc::channel();
    // It ends when the line is read or the hub has gone; the process outlives neither.
    let reader = move || {
        let mut line = String::new();
        let read = stdout.map(|stdout| BufReader::new(stdout.take(MOST)).read_line(&mut line));
        if matches!(read, Some(Ok(length)) if length > 0) {
            let _ = tell.send(Ok(line));
            return;
        }
        let mut said = Vec::new();
        let _ = stderr.map(|stderr| stderr.take(MOST).read_to_end(&mut said));
        let _ = tell.send(Err(String::from_utf8_lossy(&said).into_owned()));
    };
    thread::Builder::new().name("launch".into()).spawn(reader).map_err(LaunchError::Program)?;
    match told.recv_timeout(PATIENCE) {
        Ok(Ok(line)) => Ok(line),
        Ok(Err(said)) => {
            // It has closed its streams, so it ends now.
            let _ = child.wait();
            Err(LaunchError::Ended { said })
        }
        Err(_) => Err(LaunchError::Silent),
    }
}
