//! `/api/events`: what happens, over a WebSocket (RFC 6455), in the words of Mailpit; and `/api/v2/websocket`, where
//! MailHog tells each message that arrives.
//!
//! The figures come a moment behind what has changed them, once for all that changes meanwhile.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Buf;
use navyd_h1::{
    Side,
    ws::{Frame, Opcode},
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::broadcast::error::RecvError,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Api, Said, Whole,
    answers::refused,
    mailhog,
    mailpit::{VERSION, summary},
};
use crate::{
    http::{Answer, Body, Head, Upgraded},
    mail::{
        limits,
        store::{News, Store},
    },
};

/// What RFC 6455 §1.3 has a server add to the key of a client.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest frame of a client: it has nothing to say but ping and close.
const LONGEST: u64 = 4096;

/// Whose words are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Mailpit,
    MailHog,
}

pub(super) fn answer(api: &Api, head: &Head, words: Words) -> Said {
    let wanted = head.text("upgrade").is_some_and(|name| name.eq_ignore_ascii_case("websocket"));
    let key = head.text("sec-websocket-key").filter(|_| wanted && head.may_upgrade());
    let key = key.ok_or_else(|| refused(426, "this is a WebSocket").with("Upgrade", "websocket"))?;
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes()));
    let store = api.store.clone();
    let follow = move |upgraded: Upgraded| -> crate::Talking {
        Box::pin(async move {
            // A client that has left is told nothing.
            let _ = follow(upgraded, &store, words).await;
        })
    };
    Ok(Answer::new(101)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", accept)
        .body(Body::Upgrade(Box::new(follow))))
}

async fn follow(upgraded: Upgraded, store: &Store, words: Words) -> std::io::Result<()> {
    let Upgraded { mut socket, mut read, mut stop } = upgraded;
    let mut news = store.news();
    let mut told = std::pin::pin!(stop.told());
    // When the figures are told next.
    let mut due: Option<Instant> = None;
    loop {
        // What a client says is understood as soon as it is there.
        loop {
            let (frame, head) = match Frame::parse(&read, Side::Request, 0) {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(_) => return send(&mut socket, Opcode::Close, &1002_u16.to_be_bytes()).await,
            };
            if frame.payload > LONGEST {
                return send(&mut socket, Opcode::Close, &1009_u16.to_be_bytes()).await;
            }
            let whole = head + frame.payload as usize;
            if read.len() < whole {
                break;
            }
            read.advance(head);
            let mut payload = read.split_to(frame.payload as usize);
            if let Some(key) = frame.mask {
                navyd_h1::ws::mask(&mut payload, key, 0);
            }
            match frame.opcode {
                // A code is two bytes, or there is none (RFC 6455 §5.5.1).
                Opcode::Close if payload.len() == 1 => {
                    return send(&mut socket, Opcode::Close, &1002_u16.to_be_bytes()).await;
                }
                Opcode::Close => {
                    return send(&mut socket, Opcode::Close, &payload[..payload.len().min(2)]).await;
                }
                Opcode::Ping => send(&mut socket, Opcode::Pong, &payload).await?,
                _ => {}
            }
        }
        tokio::select! {
            biased;
            () = &mut told => return send(&mut socket, Opcode::Close, &1001_u16.to_be_bytes()).await,
            got = socket.read_buf(&mut read) => {
                if got? == 0 || read.len() as u64 > 2 * LONGEST {
                    return Ok(());
                }
            }
            event = news.recv() => {
                let event = match event {
                    Ok(event) => event,
                    // It has missed some, and finds them in the list.
                    Err(RecvError::Lagged(_)) => News::Changed,
                    Err(RecvError::Closed) => return Ok(()),
                };
                let documents = match words {
                    Words::Mailpit => documents(&event),
                    Words::MailHog => arrived(&event, store).await.into_iter().collect(),
                };
                for document in documents {
                    send(&mut socket, Opcode::Text, document.to_string().as_bytes()).await?;
                }
                if words == Words::Mailpit {
                    due.get_or_insert_with(|| Instant::now() + limits::FIGURES);
                }
            }
            () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {
                due = None;
                if let Ok(stats) = store.ask(|shelf| shelf.stats()).await {
                    let data = json!({ "Total": stats.messages, "Unread": stats.unread, "Version": VERSION });
                    let document = json!({ "Type": "stats", "Data": data });
                    send(&mut socket, Opcode::Text, document.to_string().as_bytes()).await?;
                }
            }
        }
    }
}

/// The message that has arrived, if one has, and is still there.
async fn arrived(event: &News, store: &Store) -> Option<Value> {
    let News::Arrived(facts) = event else { return None };
    let key = facts.key.clone();
    let (facts, bytes) = store.ask(move |shelf| shelf.find(&key)).await.ok()??;
    mailhog::item(&Whole { facts, bytes }).await.ok()
}

/// What is said of an event.
fn documents(event: &News) -> Vec<Value> {
    let said = |kind: &str, data: Value| json!({ "Type": kind, "Data": data });
    match event {
        News::Arrived(facts) => vec![said("new", summary(facts))],
        News::Marked(keys, read) => {
            keys.iter().map(|key| said("update", json!({ "ID": key, "Read": read }))).collect()
        }
        News::Tagged(tagged) => {
            tagged.iter().map(|(key, tags)| said("update", json!({ "ID": key, "Tags": tags }))).collect()
        }
        News::Removed(keys) => keys.iter().map(|key| said("delete", json!({ "ID": key }))).collect(),
        News::Emptied => vec![said("truncate", Value::Null)],
        News::Changed => vec![said("prune", Value::Null)],
    }
}

async fn send(socket: &mut crate::Socket, opcode: Opcode, payload: &[u8]) -> std::io::Result<()> {
    let frame = Frame { fin: true, reserved: 0, opcode, mask: None, payload: payload.len() as u64 };
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    frame.write(&mut bytes);
    bytes.extend_from_slice(payload);
    let sent = async {
        socket.write_all(&bytes).await?;
        socket.flush().await
    };
    timeout(crate::limits::PAUSE, sent).await.map_err(|_| std::io::ErrorKind::TimedOut)?
}
