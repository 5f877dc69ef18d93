//! Exchanges sent once more, by the way that they came: through the gateway, so that they are recorded as well.
//!
//! Deliberately absent: what is sent, which `request` makes of what is kept; TLS, since the gateway answers plain HTTP at
//! the same address.

mod request;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use navyd_model::{
    Entry, RouteError, Upstream,
    capture::Replay,
    exchange::{Outcome, Summary},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::broadcast::{self, error::RecvError},
    task::spawn_blocking,
    time::timeout,
};

use self::request::{Request, Unfit};
use crate::{
    book::Refusal,
    borrowed::Borrowed,
    capture::{Capture, CaptureError},
    house::House,
};

/// How often one exchange may be sent at once.
pub(crate) const MOST: u32 = 1000;

/// How long an answer may take. One that never ends, as events do, is cut off then.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take from the end of an answer until it is recorded.
const RECORDED: Duration = Duration::from_secs(10);

/// Why nothing was sent once more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// There is no such exchange.
    #[error("`{0}` is no exchange that is kept")]
    Unknown(u64),
    /// It is not to be sent.
    #[error("`{id}` cannot be sent once more")]
    Unfit {
        /// Its number.
        id: u64,
        /// Why.
        source: Unfit,
    },
    /// Too often at once.
    #[error("`{0}` times are too many")]
    Often(u32),
    /// It is to be sent to something that is no server of this machine.
    #[error(transparent)]
    To(#[from] RouteError),
    /// Its route is not recorded, so nobody would see what became of it.
    #[error("what passes through `{0}` is not recorded")]
    Unrecorded(String),
    /// The gateway cannot be reached there.
    #[error("`{address}` cannot be reached")]
    Unreached {
        /// Where its route begins.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was sent, and what became of it was not recorded.
    #[error("it was sent, and what became of it was not recorded")]
    Lost,
    /// No route can be opened to the server.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The capture cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The hub ends.
    #[error("the hub is ending")]
    Ending,
}

/// Sends an exchange once more, and tells the numbers of the new ones. What was sent stays sent when a later one fails.
pub(crate) async fn replay(
    house: &Arc<House>,
    capture: &Capture,
    id: u64,
    wanted: Replay,
) -> Result<Vec<u64>, ReplayError> {
    let times = wanted.times.unwrap_or(1);
    if times > MOST {
        return Err(ReplayError::Often(times));
    }
    let reader = Arc::clone(house);
    let raw =
        spawn_blocking(move || reader.capture.as_ref().map(|capture| capture.raw(id)).transpose()).await;
    let raw = raw.map_err(|_| ReplayError::Ending)??.flatten().ok_or(ReplayError::Unknown(id))?;
    let unfit = |source| ReplayError::Unfit { id, source };
    let request = match &wanted.request {
        Some(text) => Request::written(text),
        None => Request::of(&raw),
    };
    let mut request = request.map_err(unfit)?;
    // Held until the last of them is answered.
    let mut borrowed = None;
    let address = match wanted.to {
        Some(to) => {
            let upstream: Upstream = to.trim_end_matches('/').parse()?;
            request = request.for_host(&format!("{}:{}", upstream.host, upstream.port));
            let opener = Arc::clone(house);
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let opened = spawn_blocking(move || Borrowed::open(&opener, any, upstream, None)).await;
            borrowed.insert(opened.map_err(|_| ReplayError::Ending)??).listen
        }
        None => way(house, &raw.exchange.summary.route)?,
    };
    let bytes = request.bytes();
    let mut sent = Vec::new();
    for _ in 0..times {
        sent.push(send(address, &bytes, capture.follow()).await?);
    }
    drop(borrowed);
    Ok(sent)
}

/// Where a route begins: at its own address, or where all names do.
fn way(house: &House, route: &str) -> Result<SocketAddr, ReplayError> {
    if house.book.list().iter().any(|known| known.from == route && !known.capture) {
        return Err(ReplayError::Unrecorded(route.to_owned()));
    }
    match route.parse() {
        Ok(Entry::Address(address)) => Ok(address),
        _ => house.doors.listen().first().copied().ok_or(ReplayError::Ending),
    }
}

/// Sends bytes, and waits until what became of them is recorded.
async fn send(
    address: SocketAddr,
    bytes: &[u8],
    mut live: broadcast::Receiver<Arc<Summary>>,
) -> Result<u64, ReplayError> {
    let unreached = |source| ReplayError::Unreached { address, source };
    let mut stream = TcpStream::connect(address).await.map_err(unreached)?;
    let own = stream.local_addr().map_err(unreached)?;
    let recorded = recorded(&mut live, own);
    tokio::pin!(recorded);
    let answered = async {
        let (mut read, mut write) = stream.split();
        let mut sink = [0; 16 * 1024];
        let send = async {
            // Who answers early may stop reading.
            let _ = write.write_all(bytes).await;
            std::future::pending::<()>().await;
        };
        let receive = async { while read.read(&mut sink).await.is_ok_and(|count| count > 0) {} };
        tokio::select! { () = send => {}, () = receive => {} }
    };
    tokio::select! {
        id = &mut recorded => return id,
        _ = timeout(PATIENCE, answered) => {}
    }
    drop(stream);
    timeout(RECORDED, recorded).await.unwrap_or(Err(ReplayError::Lost))
}

/// The exchange of a client, once it has ended.
async fn recorded(
    live: &mut broadcast::Receiver<Arc<Summary>>,
    client: SocketAddr,
) -> Result<u64, ReplayError> {
    loop {
        match live.recv().await {
            Ok(told) if told.client.address == Some(client) && told.outcome != Outcome::Open => {
                return Ok(told.id);
            }
            // What was left out may have been another's.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(ReplayError::Ending),
        }
    }
}
