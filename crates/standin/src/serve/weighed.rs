//! Lists in which clients say what they would rather have: `Accept` and `Accept-Encoding`. Pure.
//!
//! Weights are whole thousandths. What cannot be read is left out, and never an error: a client that asks badly still
//! gets something.

/// The most items of a list that are looked at: those of browsers have fewer than ten.
const MOST: usize = 64;

/// The items of a list with their weights, in order, parameters other than the weight left out.
pub(super) fn items(value: &[u8]) -> impl Iterator<Item = (&str, u16)> {
    value.split(|byte| *byte == b',').take(MOST).filter_map(|item| {
        let item = std::str::from_utf8(item).ok()?;
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let weight = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then_some(value.trim())
        });
        Some((name, weight.map_or(Some(1000), thousandths)?))
    })
}

/// RFC 9110 §12.4.2: `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = format!("{rest:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// How much a client wants a media type, such as `text/html`; `None` where it named neither it nor its kind nor `*/*`.
/// The most specific item decides (RFC 9110 §12.5.1).
pub(super) fn media(value: &[u8], wanted: &str) -> Option<u16> {
    let kind = wanted.split('/').next().unwrap_or(wanted);
    let fits = |item: &str| {
        let (left, right) = item.split_once('/')?;
        match () {
            () if item.eq_ignore_ascii_case(wanted) => Some(2),
            () if left.eq_ignore_ascii_case(kind) && right == "*" => Some(1),
            () if item == "*/*" => Some(0),
            () => None,
        }
    };
    let fitting = items(value).filter_map(|(item, weight)| Some((fits(item)?, weight)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        for (value, expected) in [
            ("", &[][..]),
            ("a", &[("a", 1000)]),
            ("a;q=0.5, b ; Q=1.000,c;q=0", &[("a", 500), ("b", 1000), ("c", 0)]),
            ("a;level=1;q=0.25", &[("a", 250)]),
            (",,a,", &[("a", 1000)]),
            ("a;q=1.5,b;q=,c;q=-1,d;q=0.1234,e;q=x,f;q=1.001", &[]),
            ("a;q=0.", &[("a", 0)]),
        ] {
            assert_eq!(items(value.as_bytes()).collect::<Vec<_>>(), expected, "{value}");
        }
        assert_eq!(items(b"\xff;q=1,b").collect::<Vec<_>>(), [("b", 1000)]);
        assert_eq!(items("a,".repeat(1000).as_bytes()).count(), MOST);
    }

    #[test]
    fn the_most_specific_decides() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (value, wanted, expected) in [
            (browser, "text/html", Some(1000)),
            (browser, "application/json", Some(800)),
            ("text/*;q=0.5,text/html;q=0.1", "text/html", Some(100)),
            ("text/*;q=0.5", "text/markdown", Some(500)),
            ("application/json", "text/html", None),
            ("TEXT/HTML", "text/html", Some(1000)),
            ("*", "text/html", None),
        ] {
            assert_eq!(media(value.as_bytes(), wanted), expected, "{value} {wanted}");
        }
    }
}
