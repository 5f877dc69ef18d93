//! `/api/events`: what happens, over a WebSocket (RFC 6455), in the words of Mailpit.

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
    time::timeout,
};

use super::{Api, Said, answers::refused, mailpit::summary};
use crate::{
    http::{Answer, Body, Head, Upgraded},
    mail::store::{News, Store},
};

/// What RFC 6455 §1.3 has a server add to the key of a client.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest frame of a client: it has nothing to say but ping and close.
const LONGEST: u64 = 4096;

pub(super) fn answer(api: &Api, head: &Head) -> Said {
    let wanted = head.text("upgrade").is_some_and(|name| name.eq_ignore_ascii_case("websocket"));
    let key = head.text("sec-websocket-key").filter(|_| wanted && head.may_upgrade());
    let key = key.ok_or_else(|| refused(426, "this is a WebSocket").with("Upgrade", "websocket"))?;
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes()));
    let store = api.store.clone();
    let follow = move |upgraded: Upgraded| -> crate::Talking {
        Box::pin(async move {
            // A client that has left is told nothing.
            let _ = follow(upgraded, &store).await;
        })
    };
    Ok(Answer::new(101)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", accept)
        .body(Body::Upgrade(Box::new(follow))))
}

async fn follow(upgraded: Upgraded, store: &Store) -> std::io::Result<()> {
    let Upgraded { mut socket, mut read, mut stop } = upgraded;
    let mut news = store.news();
    let mut told = std::pin::pin!(stop.told());
    loop {
        // What a client says is understood as soon as it is there.
        while let Ok(Some((frame, head))) = Frame::parse(&read, Side::Request, 0) {
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
                for document in documents(&event, store).await {
                    send(&mut socket, Opcode::Text, document.to_string().as_bytes()).await?;
                }
            }
        }
    }
}

/// What is said of an event.
async fn documents(event: &News, store: &Store) -> Vec<Value> {
    let mut documents = Vec::new();
    match event {
        News::Arrived(facts) => documents.push(json!({ "Type": "new", "Data": summary(facts) })),
        News::Changed => documents.push(json!({ "Type": "prune", "Data": null })),
    }
    if let Ok((stats, tags)) = store.ask(|shelf| Ok((shelf.stats()?, shelf.tags()?))).await {
        let tags: Vec<_> = tags.into_iter().map(|(tag, _)| tag).collect();
        let data = json!({ "Total": stats.messages, "Unread": stats.unread, "Tags": tags });
        documents.push(json!({ "Type": "stats", "Data": data }));
    }
    documents
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
