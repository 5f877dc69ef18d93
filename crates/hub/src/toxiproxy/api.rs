//! What each call does with the proxies, and what is answered.

use std::{collections::BTreeMap, time::SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::{
    call::Call,
    input::{Object, first},
    metrics::{self, Shown},
    proxies::{Proxies, Proxy, View},
    reply::{Fault, Reply},
    toxic::Toxic,
};

/// The version of Toxiproxy whose API this is.
const VERSION: &str = "2.12.0";

/// What is known beside the proxies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Which metrics there are.
    pub(super) metrics: Shown,
    /// Since when it runs.
    pub(super) since: SystemTime,
}

/// Does what is asked for.
pub(super) fn answer(proxies: &mut Proxies, call: Call, body: &[u8], setting: Setting) -> Reply {
    answered(proxies, call, body, setting).unwrap_or_else(Reply::from)
}

/// Proxies as a file of Toxiproxy's lists them, with the toxics that stand there.
pub(super) fn configure(proxies: &mut Proxies, file: &[u8]) -> Result<(), Fault> {
    let value = first(file)?;
    let toxics = value.as_array().into_iter().flatten().map(|proxy| {
        let proxy = Object::of(proxy, ".", "struct")?;
        let toxics = proxy.value("toxics").and_then(Value::as_array).into_iter().flatten();
        toxics.map(Toxic::of).collect::<Result<Vec<_>, _>>()
    });
    let toxics = toxics.collect::<Result<Vec<_>, _>>()?;
    for ((proxy, enabled), toxics) in listed(&value)?.into_iter().zip(toxics) {
        let name = proxy.name.clone();
        proxies.add_or_replace(proxy, false)?;
        for toxic in toxics {
            proxies.add_toxic(&name, toxic)?;
        }
        // With its toxics from its first connection on.
        let Proxy { listen, upstream, .. } = proxies.one(&name)?.clone();
        proxies.update(&name, listen, upstream, enabled)?;
    }
    Ok(())
}

fn answered(proxies: &mut Proxies, call: Call, body: &[u8], setting: Setting) -> Result<Reply, Fault> {
    Ok(match call {
        Call::Proxies => {
            let all: BTreeMap<_, _> = proxies.all().map(|proxy| (&proxy.name, proxy.view())).collect();
            Reply::json(200, &all)
        }
        Call::Create => {
            let (proxy, enabled) = wanted(body)?;
            Reply::json(201, &proxies.add(proxy, enabled)?.view())
        }
        Call::Proxy(name) => Reply::json(200, &proxies.one(&name)?.view()),
        Call::Update(name) => {
            let now = proxies.one(&name)?;
            let value = first(body)?;
            let object = Object::of(&value, "Proxy.", "toxiproxy.Proxy")?;
            object.text("name")?;
            let listen = object.text("listen")?.unwrap_or_else(|| now.listen.clone());
            let upstream = object.text("upstream")?.unwrap_or_else(|| now.upstream.clone());
            let enabled = object.flag("enabled")?.unwrap_or(now.enabled);
            proxies.update(&name, listen, upstream, enabled)?;
            Reply::json(200, &proxies.one(&name)?.view())
        }
        Call::Delete(name) => {
            proxies.remove(&name)?;
            Reply::empty(204)
        }
        Call::Toxics(name) => Reply::json(200, &proxies.one(&name)?.toxics()),
        Call::AddToxic(name) => {
            proxies.one(&name)?;
            let toxic = Toxic::read(body)?;
            proxies.add_toxic(&name, toxic.clone())?;
            Reply::json(200, &toxic)
        }
        Call::Toxic(name, toxic) => Reply::json(200, proxies.one(&name)?.toxic(&toxic)?),
        Call::UpdateToxic(name, toxic) => {
            let toxic = proxies.one(&name)?.toxic(&toxic)?.updated(body)?;
            proxies.update_toxic(&name, toxic.clone())?;
            Reply::json(200, &toxic)
        }
        Call::DeleteToxic(name, toxic) => {
            proxies.remove_toxic(&name, &toxic)?;
            Reply::empty(204)
        }
        Call::Reset => {
            proxies.reset()?;
            Reply::empty(204)
        }
        Call::Populate => populated(proxies, body),
        Call::Version => {
            let version = format!("{{\"version\": \"{VERSION}\"}}\n");
            Reply::text("application/json;charset=utf-8", version)
        }
        Call::Metrics => {
            let text = metrics::text(proxies, setting.metrics, setting.since);
            Reply::text(metrics::CONTENT, text)
        }
    })
}

/// What is answered to a list of proxies, also where some of it went wrong.
#[derive(Serialize)]
struct Populated<'a> {
    #[serde(flatten)]
    fault: Option<&'a Fault>,
    proxies: Option<Vec<View<'a>>>,
}

/// Adds proxies one after the other, until one cannot be; those before stay.
fn populated(proxies: &mut Proxies, body: &[u8]) -> Reply {
    let (mut names, mut fault) = (Vec::new(), None);
    match first(body).and_then(|value| listed(&value)) {
        Err(wrong) => fault = Some(wrong),
        Ok(listed) => {
            for (proxy, enabled) in listed {
                let name = proxy.name.clone();
                if let Err(failed) = proxies.add_or_replace(proxy, enabled) {
                    fault = Some(failed);
                    break;
                }
                names.push(name);
            }
        }
    }
    let views: Vec<_> = names.iter().filter_map(|name| proxies.one(name).ok()).map(Proxy::view).collect();
    // Go writes a list to which nothing was added as `null`.
    let shown = Populated { fault: fault.as_ref(), proxies: (!views.is_empty()).then_some(views) };
    Reply::json(fault.as_ref().map_or(201, |fault| fault.status), &shown)
}

/// A proxy that is to be made, and whether it is to run.
fn wanted(body: &[u8]) -> Result<(Proxy, bool), Fault> {
    let value = first(body)?;
    let (proxy, enabled) = read(&value, "Proxy.", "toxiproxy.Proxy")?;
    if proxy.name.is_empty() {
        return Err(Fault::missing("name"));
    }
    if proxy.upstream.is_empty() {
        return Err(Fault::missing("upstream"));
    }
    Ok((proxy, enabled))
}

/// The same of a list; all of it must make sense before any of it is made.
fn listed(value: &Value) -> Result<Vec<(Proxy, bool)>, Fault> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        other => return Err(Object::of(other, "", "[]struct").err().unwrap_or_else(object_for_list)),
    };
    let list: Vec<_> = list.iter().map(|value| read(value, ".", "struct")).collect::<Result<_, _>>()?;
    for (number, (proxy, _)) in (1..).zip(&list) {
        if proxy.name.is_empty() {
            return Err(Fault::missing(format_args!("name at proxy {number}")));
        }
        if proxy.upstream.is_empty() {
            return Err(Fault::missing(format_args!("upstream at proxy {number}")));
        }
    }
    Ok(list)
}

fn object_for_list() -> Fault {
    Fault::body("json: cannot unmarshal object into Go value of type []struct")
}

fn read(value: &Value, path: &'static str, whole: &str) -> Result<(Proxy, bool), Fault> {
    let object = Object::of(value, path, whole)?;
    let text = |key| Ok::<_, Fault>(object.text(key)?.unwrap_or_default());
    let proxy = Proxy::new(text("name")?, text("listen")?, text("upstream")?);
    Ok((proxy, object.flag("enabled")?.unwrap_or(true)))
}
