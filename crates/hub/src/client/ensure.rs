//! A hub that answers, whether one runs already or not.

use std::path::Path;

use super::{Client, ClientError};

/// The hub that runs, or the one that `start` starts where none does, or where the one that does is about to be gone.
///
/// One that was killed just now may still be found, and even be joined by the one that was started: then it is started
/// once more.
///
/// # Errors
/// When the socket is another user's, the hub refuses, or it cannot be started.
pub fn ensure<E: From<ClientError>>(
    socket: &Path,
    mut start: impl FnMut() -> Result<(), E>,
) -> Result<Client, E> {
    for _ in 0..2 {
        if let Some(client) = answering(socket)? {
            return Ok(client);
        }
        start()?;
    }
    Ok(Client::connect(socket)?)
}

/// The hub, if one answers that is not about to end.
fn answering(socket: &Path) -> Result<Option<Client>, ClientError> {
    let client = Client::connect(socket);
    match client.and_then(|client| client.status().map(|hub| (client, hub))) {
        Ok((client, hub)) => Ok((!hub.ending).then_some(client)),
        // A process that was killed still accepts for a moment, and then says nothing.
        Err(ClientError::NotRunning | ClientError::Broken(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tokio::{runtime::Builder, sync::oneshot};

    use super::*;
    use crate::{os::Listener, scratch::Scratch};

    #[test]
    fn a_hub_that_says_nothing_any_more_is_no_hub() {
        let scratch = Scratch::new();
        let socket = scratch.path().join("hub.sock");
        let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
        let (bound, is_bound) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let path = socket.clone();
        let dying = thread::spawn(move || {
            runtime().block_on(async {
                let listener = Listener::bind(&path).unwrap();
                bound.send(()).unwrap();
                let hang_up = async {
                    loop {
                        drop(listener.accept().await);
                    }
                };
                tokio::select! {
                    () = hang_up => {}
                    _ = ended => {}
                }
            });
        });
        is_bound.blocking_recv().unwrap();
        let (mut starts, living, other) = (0, runtime(), socket.clone());
        let mut listener = None;
        let found = ensure::<ClientError>(&socket, || {
            starts += 1;
            // The first start joins the one that dies.
            if starts == 2 {
                let _inside = living.enter();
                listener = Some(Listener::bind(&other).unwrap());
            }
            Ok(())
        });
        assert!(found.is_ok());
        assert_eq!(starts, 2);
        drop(end);
        dying.join().unwrap();
    }
}
