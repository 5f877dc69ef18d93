//! HTTP over the hub's socket: one connection for each question.

use std::{io, path::Path, time::Duration};

use axum::{
    body::Bytes,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use navyd_model::{api::Document, hub::ApiError};
use tokio::time::timeout;

use super::ClientError;
use crate::os;

pub use axum::http::Method;

/// How long an answer may take. Ending the services of a project takes longest: those that others need wait for them,
/// and each may take its time.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// The longest answer, in bytes: the listeners of a very busy machine.
const MOST: usize = 64 * 1024 * 1024;

/// The longest refusal, in bytes.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// Connects, and makes sure who is there; also its process, where the kernel tells it.
pub(super) async fn connect(socket: &Path) -> Result<(os::Stream, Option<u32>), ClientError> {
    let (stream, peer) = os::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::ConnectionRefused => {
            ClientError::NotRunning
        }
        _ => broken(&error),
    })?;
    if peer.uid != os::own_uid() {
        return Err(ClientError::NotOurs { socket: socket.display().to_string(), uid: peer.uid });
    }
    Ok((stream, peer.pid))
}

/// Asks, and reads the whole answer, which may take so long.
pub(super) async fn ask(
    socket: &Path,
    patience: Duration,
    method: Method,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<(StatusCode, Bytes), ClientError> {
    let asked = async {
        let response = send(socket, method, path, body).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MOST).collect().await;
        Ok((status, body.map_err(|error| broken(&error))?.to_bytes()))
    };
    timeout(patience, asked).await.unwrap_or_else(|_| {
        Err(ClientError::Broken(format!("it did not answer within {} s", patience.as_secs())))
    })
}

/// Asks, and leaves the answer's body to be read.
pub(super) async fn send(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<Response<Incoming>, ClientError> {
    let (stream, _) = connect(socket).await?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // It ends with the connection, which ends with the answer or the runtime.
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header(header::HOST, "navyd");
    let request = match body {
        Some(body) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Full::<Bytes>::from(body))
        }
        None => request.body(Full::<Bytes>::default()),
    };
    let request = request.map_err(|error| broken(&error))?;
    sender.send_request(request).await.map_err(|error| broken(&error))
}

/// What an answer that is no success says.
pub(super) async fn refusal(response: Response<Incoming>) -> ClientError {
    let status = response.status();
    let read = Limited::new(response.into_body(), LONGEST_REFUSAL).collect().await;
    refused(status, &read.map_or_else(|_| Bytes::new(), |read| read.to_bytes()))
}

/// The same, read already.
pub(super) fn refused(status: StatusCode, bytes: &[u8]) -> ClientError {
    match serde_json::from_slice::<Document<ApiError>>(bytes) {
        Ok(refused) => ClientError::Refused { status: status.as_u16(), error: Box::new(refused.body) },
        Err(_) => ClientError::Broken(format!("it answers with the status {status}")),
    }
}

fn broken(error: &(impl ToString + ?Sized)) -> ClientError {
    ClientError::Broken(error.to_string())
}
