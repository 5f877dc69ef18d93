//! Asks a server for the descriptors of its messages: HTTP/2 without TLS, for as long as one call takes.
//!
//! It sends bytes to the server, so it is only done for whoever wants it. Deliberately absent: what is asked and what an
//! answer means, which the decoder knows; TLS, behind which a file of descriptors does.

use std::time::Duration;

use axum::http::{Request, Response, header};
use bytes::{Bytes, BytesMut};
use h2::{RecvStream, client};
use navyd_decode::grpc::{
    Schema, SchemaError,
    reflect::{PATHS, Reflection, ReflectionError},
};
use navyd_model::exchange::Summary;
use tokio::{net::TcpStream, time::timeout};

/// How long a server may take for all of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer, in bytes.
const MOST: usize = 16 << 20;

/// Why a server's descriptors are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The exchange reached no server.
    #[error("the exchange reached no server")]
    NoServer,
    /// Its address does not answer.
    #[error("it cannot be reached: {0}")]
    Unreached(std::io::Error),
    /// It speaks no HTTP/2 without TLS.
    #[error("it does not speak HTTP/2 without TLS: {0}")]
    Http(#[from] h2::Error),
    /// It has no such service.
    #[error("it does not offer server reflection")]
    Absent,
    /// Its answer does not help.
    #[error(transparent)]
    Reflection(#[from] ReflectionError),
    /// What it tells is none.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// It took too long.
    #[error("it does not answer within {} seconds", PATIENCE.as_secs())]
    Slow,
}

/// The descriptors of the service that was called.
pub(crate) async fn ask(summary: &Summary) -> Result<Schema, AskError> {
    timeout(PATIENCE, connected(summary)).await.map_err(|_| AskError::Slow)?
}

async fn connected(summary: &Summary) -> Result<Schema, AskError> {
    let (_, rest) = summary.target.split_once("://").unwrap_or_default();
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let (Some(address), Some(mut reflection)) = (summary.server.address, Reflection::new(path)) else {
        return Err(AskError::NoServer);
    };
    let stream = TcpStream::connect(address).await.map_err(AskError::Unreached)?;
    let (sender, connection) = client::handshake(stream).await?;
    let asked = async {
        let mut last = AskError::Absent;
        for path in PATHS {
            last = match told(sender.clone(), &format!("http://{address}{path}"), &mut reflection).await {
                Ok(()) => return Ok(reflection.schema()?),
                Err(error @ AskError::Absent) => error,
                Err(error) => return Err(error),
            };
        }
        Err(last)
    };
    // The connection is driven here, so it ends with this.
    tokio::pin!(asked);
    tokio::select! {
        schema = &mut asked => schema,
        _ = connection => asked.await,
    }
}

/// Asks until nothing is missing, a call for each question.
async fn told(
    sender: client::SendRequest<Bytes>,
    url: &str,
    reflection: &mut Reflection,
) -> Result<(), AskError> {
    while let Some(message) = reflection.ask() {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .body(())
            .map_err(|_| AskError::Absent)?;
        let mut sender = sender.clone().ready().await?;
        let (answer, mut stream) = sender.send_request(request, false)?;
        stream.send_data(message.into(), true)?;
        let body = body(answer.await?).await?;
        // The status says why in the trailers; a server without the service sends nothing else.
        if body.is_empty() {
            return Err(AskError::Absent);
        }
        reflection.take(&body)?;
    }
    Ok(())
}

async fn body(answer: Response<RecvStream>) -> Result<BytesMut, AskError> {
    let (mut stream, mut body) = (answer.into_body(), BytesMut::new());
    while let Some(bytes) = stream.data().await {
        let bytes = bytes?;
        stream.flow_control().release_capacity(bytes.len())?;
        if body.len() + bytes.len() > MOST {
            return Err(ReflectionError::Many.into());
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}
