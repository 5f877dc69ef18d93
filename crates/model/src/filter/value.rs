//! What stands behind an operator.

use std::ops::Range;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use regex_lite::Regex;

use super::{
    Bounds, Expr, FilterError, Kind, Pattern, Term,
    field::Field,
    lex::{Operator, Token, What},
    parse::mistake,
};
use crate::{exchange::Protocol, target::shown};

const OUTCOMES: [&str; 7] =
    ["open", "complete", "client_left", "server_left", "unreached", "fault", "unknown"];

/// A value as it could be typed.
pub(super) fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "12",
        Kind::Status => ">=500",
        Kind::Duration => ">200ms",
        Kind::Size => ">4kb",
        Kind::Time => "10m",
        Kind::Text => "*",
    }
}

/// The term of a field, an operator and a value.
pub(super) fn term(
    field: Field,
    kind: Kind,
    sub: Option<String>,
    operator: Operator,
    value: &Token,
    now: Timestamp,
) -> Result<Expr, FilterError> {
    let (text, is_quoted) = match &value.what {
        What::Regex(regex) => {
            let regex = Regex::new(&format!("(?i){regex}")).map_err(|error| {
                mistake(
                    &format!("`{}` is no regular expression: {error}", shown(regex)),
                    &value.at,
                    "~/time(d )?out/",
                )
            })?;
            return Ok(Expr::Term(Term::Text(field, sub, Pattern::Regex(Box::new(regex)))));
        }
        What::Quoted(text) => (text.as_str(), true),
        What::Text(text) => (text.as_str(), false),
        _ => return Err(mistake("a value has to follow", &value.at, example(kind))),
    };
    if kind != Kind::Text {
        if operator == Operator::Has {
            let hint = format!(":{}", example(kind));
            return Err(mistake("`~` looks into texts, and this is a number", &value.at, &hint));
        }
        let any = text.split(',').map(|text| number(field, kind, text, &value.at, now));
        return joined(any.collect::<Result<_, _>>()?);
    }
    if operator == Operator::Has {
        return Ok(Expr::Term(Term::Text(field, sub, Pattern::part(text))));
    }
    let (text, denied) = match text.strip_prefix("!=").filter(|_| !is_quoted) {
        Some(text) => (text, true),
        None => (text.strip_prefix('=').filter(|_| !is_quoted).unwrap_or(text), false),
    };
    let whole = |text: &str| one(field, sub.clone(), text, &value.at);
    let found = match is_quoted || matches!(field, Field::Query | Field::Target) {
        true => whole(text)?,
        false => joined(text.split(',').map(whole).collect::<Result<_, _>>()?)?,
    };
    Ok(if denied { Expr::Not(Box::new(found)) } else { found })
}

/// One text that a field is compared with.
fn one(field: Field, sub: Option<String>, text: &str, at: &Range<usize>) -> Result<Expr, FilterError> {
    let known: &[&str] = match field {
        Field::Protocol => &Protocol::ALL.map(Protocol::as_str),
        Field::Outcome => &OUTCOMES,
        _ => &[],
    };
    if !known.is_empty() && !text.contains('*') && !known.contains(&text.to_lowercase().as_str()) {
        let hint = format!("one of {}", known.join(", "));
        return Err(mistake(&format!("`{}` is none of them", shown(text)), at, &hint));
    }
    let term = match field {
        Field::From | Field::To => {
            let (sub, text) = match text.split_once(':') {
                Some((sub @ ("pid" | "program" | "project"), text)) => (Some(sub.to_owned()), text),
                _ => (None, text),
            };
            Term::Text(field, sub, Pattern::whole(text))
        }
        // `header:x-id` asks whether there is one.
        Field::Header if sub.is_none() => Term::Text(field, Some(text.to_lowercase()), Pattern::whole("*")),
        // A body is hardly ever typed whole.
        _ if field.of_body() => Term::Text(field, sub, Pattern::part(text)),
        _ => Term::Text(field, sub, Pattern::whole(text)),
    };
    Ok(Expr::Term(term))
}

fn joined(mut any: Vec<Expr>) -> Result<Expr, FilterError> {
    Ok(if any.len() == 1 { any.remove(0) } else { Expr::Any(any) })
}

/// Bounds of a number.
fn number(
    field: Field,
    kind: Kind,
    text: &str,
    at: &Range<usize>,
    now: Timestamp,
) -> Result<Expr, FilterError> {
    let read = |text: &str| {
        read(kind, text, now).ok_or_else(|| {
            mistake(&format!("`{}` is not understood here", shown(text)), at, &format!(":{}", example(kind)))
        })
    };
    if kind == Kind::Time {
        let time = read(text)?;
        let bounds = match field {
            Field::Until => Bounds { below: true, ..Bounds::at_most(time) },
            _ => Bounds::at_least(time),
        };
        return Ok(Expr::Term(Term::Number(field, bounds)));
    }
    let class = text.strip_suffix("xx").or(text.strip_suffix("XX")).filter(|_| kind == Kind::Status);
    let bounds = if let Some(class) = class.and_then(|class| class.parse::<u8>().ok()) {
        let hundred = f64::from(class) * 100.0;
        Bounds::between(hundred, hundred + 99.0)
    } else if let Some(rest) = text.strip_prefix(">=") {
        Bounds::at_least(read(rest)?)
    } else if let Some(rest) = text.strip_prefix("<=") {
        Bounds::at_most(read(rest)?)
    } else if let Some(rest) = text.strip_prefix('>') {
        Bounds { above: true, ..Bounds::at_least(read(rest)?) }
    } else if let Some(rest) = text.strip_prefix('<') {
        Bounds { below: true, ..Bounds::at_most(read(rest)?) }
    } else if let Some(rest) = text.strip_prefix("!=") {
        let term = Expr::Term(Term::Number(field, Bounds::exactly(read(rest)?)));
        return Ok(Expr::Not(Box::new(term)));
    } else if let Some((least, most)) = text.split_once("..") {
        Bounds::between(read(least)?, read(most)?)
    } else {
        Bounds::exactly(read(text.strip_prefix('=').unwrap_or(text))?)
    };
    Ok(Expr::Term(Term::Number(field, bounds)))
}

/// A number with its unit; times in milliseconds since 1970.
fn read(kind: Kind, text: &str, now: Timestamp) -> Option<f64> {
    if kind == Kind::Time
        && let Some(time) = time(text)
    {
        return Some(time.as_millisecond() as f64);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let factor = match (kind, unit.to_ascii_lowercase().as_str()) {
        (Kind::Number | Kind::Status, "") => 1.0,
        (Kind::Duration, "us" | "µs") => 0.001,
        (Kind::Duration, "" | "ms") | (Kind::Time, "ms") => 1.0,
        (Kind::Duration | Kind::Time, "s") => 1_000.0,
        (Kind::Duration | Kind::Time, "m" | "min") => 60_000.0,
        (Kind::Duration | Kind::Time, "h") => 3_600_000.0,
        (Kind::Time, "d") => 86_400_000.0,
        (Kind::Size, "" | "b") => 1.0,
        (Kind::Size, "k" | "kb") => 1e3,
        (Kind::Size, "m" | "mb") => 1e6,
        (Kind::Size, "g" | "gb") => 1e9,
        (Kind::Size, "kib") => 1024.0,
        (Kind::Size, "mib") => 1024.0 * 1024.0,
        (Kind::Size, "gib") => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    match kind {
        Kind::Time => Some(now.as_millisecond() as f64 - number * factor),
        _ => Some(number * factor),
    }
}

/// A moment: with date and time, or a day, which begins at midnight UTC.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let day: Date = text.parse().ok()?;
    day.checked_add(0.days()).ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
