//! The routes that a person keeps, on the disk: `routes.json`.
//!
//! What cannot be read is set aside under another name, and said; it is never lost by the next write.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use navyd_model::{Route, api::Document};
use serde::{Deserialize, Serialize};

use crate::os::files;

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Each as it is typed: `shop.localhost=http://127.0.0.1:3000`.
    routes: Vec<String>,
    /// Where those begin that are not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unrecorded: Vec<String>,
}

/// What was found on the disk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The routes, as far as they can be read.
    pub(crate) routes: Vec<Route>,
    /// Where those begin that are not recorded.
    pub(crate) unrecorded: Vec<String>,
    /// What was wrong, and where it is now.
    pub(crate) note: Option<String>,
}

/// Reads the routes. No file means none.
///
/// # Errors
/// When the file is there and the system refuses it, or it cannot be set aside.
pub(crate) fn read(path: &Path) -> io::Result<Found> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
        Err(error) => return Err(error),
    };
    let (routes, unrecorded, fault) = parse(&bytes);
    let Some(fault) = fault else { return Ok(Found { routes, unrecorded, note: None }) };
    let aside = aside(path, Timestamp::now());
    fs::copy(path, &aside)?;
    write(path, &routes, &unrecorded)?;
    let note = format!(
        "`{}` could not be read whole ({fault}): it is kept as `{}`, and {} of its routes are used",
        path.display(),
        aside.display(),
        routes.len()
    );
    Ok(Found { routes, unrecorded, note: Some(note) })
}

/// Writes the routes, and where those begin that are not recorded: all of them or, after a failure, none.
pub(crate) fn write(path: &Path, routes: &[Route], unrecorded: &[String]) -> io::Result<()> {
    let routes = routes.iter().map(ToString::to_string).collect();
    let kept = Kept { routes, unrecorded: unrecorded.to_vec() };
    let mut bytes = serde_json::to_vec_pretty(&Document::new("kept-routes", kept))?;
    bytes.push(b'\n');
    files::write_locked(path, &bytes)
}

/// The routes that can be read, where those begin that are not recorded, and what is wrong with the rest.
fn parse(bytes: &[u8]) -> (Vec<Route>, Vec<String>, Option<String>) {
    let kept: Document<Kept> = match serde_json::from_slice(bytes) {
        Ok(kept) => kept,
        Err(error) => return (Vec::new(), Vec::new(), Some(error.to_string())),
    };
    if kept.schema != "navyd.kept-routes/1" {
        return (Vec::new(), Vec::new(), Some(format!("its schema is `{}`", kept.schema)));
    }
    let (mut routes, mut fault): (Vec<Route>, _) = (Vec::new(), None);
    for text in &kept.body.routes {
        match text.parse::<Route>() {
            Ok(route) if routes.iter().any(|known| known.entry == route.entry) => {
                fault = Some(format!("`{}` stands there twice", route.entry));
            }
            Ok(route) => routes.push(route),
            Err(error) => fault = Some(error.to_string()),
        }
    }
    (routes, kept.body.unrecorded, fault)
}

fn aside(path: &Path, now: Timestamp) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".unreadable-{}", now.as_millisecond()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn routes(texts: &[&str]) -> Vec<Route> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn routes_come_back_as_they_were() {
        let scratch = Scratch::new();
        let path = scratch.path().join("routes.json");
        assert_eq!(read(&path).unwrap().routes, []);
        let kept = routes(&["*.shop.localhost/api=http://localhost:3000", "127.0.0.1:5433=tcp://[::1]:5432"]);
        let unrecorded = vec!["127.0.0.1:5433".to_owned()];
        write(&path, &kept, &unrecorded).unwrap();
        let found = read(&path).unwrap();
        assert_eq!((found.routes, found.unrecorded, found.note), (kept, unrecorded, None));
    }

    #[test]
    fn what_cannot_be_read_is_set_aside_and_said() {
        let good = r#""a.localhost=http://127.0.0.1:1""#;
        for (text, left, fault) in [
            ("", 0, "EOF"),
            ("{\"schema\":\"navyd.kept-routes/1\",\"rou", 0, "EOF"),
            (r#"{"schema":"navyd.kept-routes/2","routes":[]}"#, 0, "its schema is `navyd.kept-routes/2`"),
            (&format!(r#"{{"schema":"navyd.kept-routes/1","routes":[{good},"x"]}}"#), 1, "`x` says not"),
            (
                &format!(r#"{{"schema":"navyd.kept-routes/1","routes":[{good},{good}]}}"#),
                1,
                "stands there twice",
            ),
            ("\u{0}\u{1}", 0, "expected value"),
        ] {
            let scratch = Scratch::new();
            let path = scratch.path().join("routes.json");
            fs::write(&path, text).unwrap();
            let found = read(&path).unwrap();
            let note = found.note.unwrap();
            assert!(note.contains(fault), "{note}");
            assert_eq!(found.routes.len(), left, "{text}");
            let others = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path());
            let aside: Vec<PathBuf> = others.filter(|other| *other != path).collect();
            assert_eq!(aside.len(), 1);
            assert_eq!(fs::read_to_string(&aside[0]).unwrap(), text);
            // The next start finds nothing wrong.
            assert!(read(&path).unwrap().note.is_none());
        }
    }
}
