//! Tags of messages.

use serde::Deserialize;

use crate::{
    http::{Answer, Asked},
    mail::{
        api::{
            Api, Said,
            answers::{done, json, refused},
            failed, input,
        },
        limits,
        query::Query,
        store::{Selection, clean_tag},
    },
};

pub(super) async fn list(api: &Api) -> Said {
    let tags = api.store.ask(|shelf| shelf.tags()).await.map_err(failed)?;
    Ok(json(&tags.into_iter().map(|(tag, _)| tag).collect::<Vec<_>>()))
}

/// Which tags which messages shall have.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Set {
    #[serde(rename = "IDs")]
    keys: Vec<String>,
    tags: Vec<String>,
}

pub(super) async fn set(api: &Api, asked: &mut Asked<'_>) -> Said {
    let set: Set = input::document(asked, limits::REQUEST).await?;
    if set.keys.is_empty() {
        return Err(refused(400, "no message is named"));
    }
    let tags = set.tags.iter().map(|tag| valid(tag)).collect::<Result<Vec<_>, _>>()?;
    let which = Selection::Keys(set.keys);
    let retag = api.store.ask(move |shelf| shelf.retag(&which, |all| all.clone_from(&tags)));
    retag.await.map_err(failed)?;
    Ok(done())
}

/// What a tag shall be called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    #[serde(rename = "Name")]
    name: String,
}

pub(super) async fn rename(api: &Api, tag: &str, asked: &mut Asked<'_>) -> Said {
    let name: Name = input::document(asked, limits::REQUEST).await?;
    let name = valid(&name.name)?;
    edit(api, tag, move |old| *old = name.clone()).await
}

pub(super) async fn remove(api: &Api, tag: &str) -> Said {
    edit(api, tag, String::clear).await
}

/// Changes one tag of all messages that have it; one that is empty then is gone.
async fn edit(api: &Api, tag: &str, change: impl Fn(&mut String) + Send + 'static) -> Said {
    let which = Selection::Query(Query::tagged(tag));
    let tag = tag.to_owned();
    let retag = api.store.ask(move |shelf| {
        shelf.retag(&which, |all| {
            all.iter_mut().filter(|one| one.to_lowercase() == tag.to_lowercase()).for_each(&change);
            all.retain(|one| !one.is_empty());
        })
    });
    retag.await.map_err(failed)?;
    Ok(done())
}

fn valid(tag: &str) -> Result<String, Answer> {
    clean_tag(tag).filter(|clean| clean == tag.trim()).ok_or_else(|| {
        refused(400, format!("`{tag}` is no tag: letters, numbers, spaces and -_.@, 100 at most"))
    })
}
