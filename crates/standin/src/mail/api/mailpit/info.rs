//! What is running.

use serde_json::{Map, json};

use crate::{
    http::Answer,
    mail::{
        api::{Api, Said, answers::json as document, failed},
        relay::Relay,
    },
};

pub(super) async fn info(api: &Api) -> Said {
    let asked = api.store.ask(|shelf| Ok((shelf.stats()?, shelf.tags()?)));
    let (stats, tags) = asked.await.map_err(failed)?;
    let tags: Map<_, _> = tags.into_iter().map(|(tag, count)| (tag, count.into())).collect();
    let version = concat!("navyd ", env!("CARGO_PKG_VERSION"));
    Ok(document(&json!({
        // Nobody is asked whether there is a newer one.
        "Version": version, "LatestVersion": version,
        "Database": api.database, "DatabaseSize": stats.bytes,
        "Messages": stats.messages, "Unread": stats.unread, "Tags": tags,
        "RuntimeStats": {
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
