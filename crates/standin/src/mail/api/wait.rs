//! `GET /api/v1/wait`: answered as soon as there is a message that a search finds.
//!
//! A test that has just made a program send mail asks once, instead of again and again. What is there already counts;
//! `after` leaves out what the test has seen.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    Api, Said,
    answers::{json, refused},
    failed, input, mailpit,
};
use crate::{http::Head, mail::limits, mail::query::Query};

/// How long to wait where the request does not say.
const USUAL: Duration = Duration::from_secs(30);

pub(super) async fn answer(api: &Api, head: &Head) -> Said {
    let words = input::parameter(head, "query").unwrap_or_default();
    let mut query = Query::parse(&words, &input::parameter(head, "tz").unwrap_or_default());
    if let Some(inbox) = input::parameter(head, "inbox") {
        query = query.within(&inbox);
    }
    let time = match input::parameter(head, "timeout") {
        None => USUAL,
        Some(text) => {
            duration(&text).ok_or_else(|| refused(400, format!("`{text}` is no time: 500ms, 30s or 2m")))?
        }
    };
    let mut after = match input::parameter(head, "after") {
        None => 0,
        Some(key) => api.find(&key).await?.facts.id,
    };
    let until = Instant::now() + time.min(limits::WAIT);
    let (mut arrived, mut stop) = (api.store.arrived(), api.stop.borrow().clone());
    loop {
        arrived.mark_unchanged();
        let wanted = query.clone();
        let (found, last) =
            api.store.ask(move |shelf| shelf.first_after(after, &wanted)).await.map_err(failed)?;
        if let Some(facts) = found {
            let whole = api.find(&facts.key).await?;
            let detail = mailpit::detail(&whole, &whole.read().await?);
            return Ok(json(&mailpit::with_inboxes(detail, &whole.facts)));
        }
        after = last;
        let came = async {
            tokio::select! {
                // An error means that the store has ended.
                changed = arrived.changed() => changed.is_ok(),
                () = async {
                    match &mut stop {
                        Some(stop) => stop.told().await,
                        None => std::future::pending().await,
                    }
                } => false,
            }
        };
        match timeout_at(until, came).await {
            Ok(true) => {}
            Ok(false) => return Err(refused(503, "navyd ends")),
            Err(_) => return Err(refused(408, format!("no message of `{words}` has come"))),
        }
    }
}

/// A time as `500ms`, `30s`, `2m`, or a number of seconds.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("500ms", Some(Duration::from_millis(500))),
            ("30s", Some(Duration::from_secs(30))),
            ("5", Some(Duration::from_secs(5))),
            ("2m", Some(Duration::from_secs(120))),
            ("2h", None),
            ("-1s", None),
            ("", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
