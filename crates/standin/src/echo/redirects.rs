//! Answers that lead elsewhere.

use super::{
    HTML, Question, nonsense,
    question::SAFE_IN_PATH,
    seen::whole,
    text::{html, quoted},
};
use crate::http::{Answer, Body};

/// What may stand in an address; a `%` is taken for the beginning of what is quoted already.
pub(super) const SAFE: &str = "!#$%&'()*+,/:;=?@[]";

/// `/redirect/{times}`, with `absolute=true` to whole addresses.
pub(super) fn redirect(question: &Question<'_>, segments: &[&str]) -> Answer {
    let absolute = question.arg("absolute").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    step(question, segments, absolute)
}

/// `/relative-redirect/{times}`
pub(super) fn relative(question: &Question<'_>, segments: &[&str]) -> Answer {
    let answer = step(question, segments, false);
    if answer.status == 302 { answer.body(Body::Empty) } else { answer }
}

/// `/absolute-redirect/{times}`
pub(super) fn absolute(question: &Question<'_>, segments: &[&str]) -> Answer {
    step(question, segments, true)
}

/// `/redirect-to?url=…&status_code=…`
pub(super) fn redirect_to(question: &Question<'_>, _: &[&str]) -> Answer {
    let Some(url) = question.arg("url") else { return nonsense("`url` is missing") };
    let status = match question.arg("status_code").map(|text| whole(text, "status_code")) {
        None => 302,
        Some(Ok(status)) => {
            u16::try_from(status).ok().filter(|status| (300..400).contains(status)).unwrap_or(302)
        }
        Some(Err(answer)) => return answer,
    };
    Answer::of(status, HTML, "").with("Location", quoted(url, SAFE))
}

/// To the same address with this path, for good, and with the same method.
pub(super) fn moved(question: &Question<'_>, path: &str) -> Answer {
    let mut address = question.base() + &quoted(path, SAFE_IN_PATH);
    if !question.head.query().is_empty() {
        address.extend(["?", question.head.query()]);
    }
    Answer { status: 308, ..to(&address) }
}

/// To that address, with a page for those who do not follow.
pub(super) fn to(address: &str) -> Answer {
    let shown = html(address);
    let page = format!(
        "<!doctype html>\n<title>Redirecting</title>\n<p>This leads to <a href=\"{shown}\">{shown}</a>.\n"
    );
    Answer::of(302, HTML, page).with("Location", address.to_owned())
}

fn step(question: &Question<'_>, segments: &[&str], absolute: bool) -> Answer {
    let times = segments.first().map_or(Ok(0), |text| whole(text, "times"));
    let path = match times {
        Ok(0 | u64::MAX) => return nonsense("a redirect is followed at least once, and not for ever"),
        Ok(1) => "/get".to_owned(),
        Ok(times) if absolute => format!("/absolute-redirect/{}", times - 1),
        Ok(times) => format!("/relative-redirect/{}", times - 1),
        Err(answer) => return answer,
    };
    to(&if absolute { question.base() + &path } else { path })
}
