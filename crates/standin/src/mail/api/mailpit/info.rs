//! What is running.

use serde_json::{Map, json};

use super::VERSION;
use crate::{
    http::Answer,
    mail::{
        api::{Api, Said, answers::json as document, failed},
        relay::Relay,
    },
    os,
};

pub(super) async fn info(api: &Api) -> Said {
    let asked = api.store.ask(|shelf| Ok((shelf.stats()?, shelf.tags()?)));
    let (stats, tags) = asked.await.map_err(failed)?;
    let tags: Map<_, _> = tags.into_iter().map(|(tag, count)| (tag, count.into())).collect();
    Ok(document(&json!({
        // Nobody is asked whether there is a newer one.
        "Version": VERSION, "LatestVersion": VERSION,
        "Database": api.database, "DatabaseSize": stats.bytes,
        "Messages": stats.messages, "Unread": stats.unread, "Tags": tags,
        "RuntimeStats": {
            "Memory": os::memory(),
            "Uptime": api.since.elapsed().as_secs(), "MessagesDeleted": stats.deleted,
            "SMTPAccepted": stats.accepted, "SMTPAcceptedSize": stats.accepted_bytes,
            "SMTPRejected": 0, "SMTPIgnored": 0,
        },
    })))
}

pub(super) fn webui(api: &Api) -> Answer {
    let server = api.relay.as_ref().map(Relay::server).unwrap_or_default();
    document(&json!({
        "Label": "", "SpamAssassin": false, "ChaosEnabled": true, "DuplicatesIgnored": false,
        "HideDeleteAllButton": false,
        "MessageRelay": {
            "Enabled": api.relay.is_some(), "SMTPServer": server, "ReturnPath": "", "AllowedRecipients": "",
            "RecipientAllowlist": "", "BlockedRecipients": "", "OverrideFrom": "", "PreserveMessageIDs": true,
        },
    }))
}
