//! `/status`: an answer of that status.

use super::{HTML, Question, json::Json, made::random, nonsense};
use crate::http::{Answer, Body};

/// What says that a cup of coffee cannot be had (RFC 2324).
const TEAPOT: &str = r"
    -=[ teapot ]=-

          ___
      ___/_o_\___   _
     /           \ / )
 \--'             \ /
  \               | |
   \_____________/ /
     \___________/

";

/// `/status/{codes}`: one, or several with weights, as in `200:3,500`.
pub(super) fn status(_: &Question<'_>, segments: &[&str]) -> Answer {
    let codes = segments.first().copied().unwrap_or_default();
    match choices(codes) {
        Some(choices) => of(chosen(&choices, random())),
        None => nonsense("Invalid status code"),
    }
}

/// An answer with what belongs to that status.
pub(super) fn of(status: u16) -> Answer {
    let answer = Answer::new(status);
    match status {
        301 | 302 | 303 | 305 | 307 => answer.with("Location", "/redirect/1"),
        304 => answer,
        401 => answer.with("WWW-Authenticate", "Basic realm=\"Fake Realm\""),
        402 => answer
            .with("X-More-Info", "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.3")
            .body(text("this would have to be paid for\n")),
        406 => {
            let types = ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"];
            let types = Json::List(types.map(Json::from).into());
            let message = "Client did not request a supported media type.";
            Answer::json(
                406,
                Json::map([("message", message.into()), ("accept", types)]).line().trim_end().to_owned(),
            )
        }
        407 => answer.with("Proxy-Authenticate", "Basic realm=\"Fake Realm\""),
        418 => answer.with("X-More-Info", "http://tools.ietf.org/html/rfc2324").body(text(TEAPOT)),
        _ => answer.with("Content-Type", HTML),
    }
}

fn text(text: &'static str) -> Body {
    Body::Bytes(text.into())
}

/// Statuses and their weights. Those below 200 are none that an answer could end with.
fn choices(codes: &str) -> Option<Vec<(u16, f64)>> {
    let choice = |code: &str| {
        let (code, weight) = code.split_once(':').unwrap_or((code, "1"));
        let status = code.trim().parse().ok().filter(|status| (200..=999).contains(status))?;
        let weight =
            weight.trim().parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0)?;
        Some((status, weight))
    };
    // One alone has no weight.
    if !codes.contains(',') && codes.contains(':') {
        return None;
    }
    codes.split(',').map(choice).collect()
}

/// The one that `chance`, from 0 to below 1, falls on.
fn chosen(choices: &[(u16, f64)], chance: f64) -> u16 {
    let mut left = chance * choices.iter().map(|(_, weight)| weight).sum::<f64>();
    for (status, weight) in choices {
        if left < *weight {
            return *status;
        }
        left -= weight;
    }
    choices.last().map_or(200, |(status, _)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_chosen_by_weight() {
        for (codes, chance, expected) in [
            ("418", 0.9, Some(418)),
            ("200,500", 0.49, Some(200)),
            ("200,500", 0.5, Some(500)),
            ("200:3,500:1", 0.74, Some(200)),
            ("200:3, 500", 0.76, Some(500)),
            ("200:0,500:0", 0.5, Some(500)),
            ("4!9", 0.0, None),
            ("200,402,foo", 0.0, None),
            ("200:1", 0.0, None),
            ("200:x,300", 0.0, None),
            ("200:1:1,300", 0.0, None),
            ("200:nan,300", 0.0, None),
            ("200:-1,300", 0.0, None),
            ("101", 0.0, None),
            ("1000", 0.0, None),
            ("", 0.0, None),
        ] {
            assert_eq!(choices(codes).map(|choices| chosen(&choices, chance)), expected, "{codes}");
        }
    }
}
