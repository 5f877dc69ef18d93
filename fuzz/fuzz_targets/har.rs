//! An HTTP Archive: a mistake has its place, and what was understood is the same when written and read again.
#![cfg_attr(fuzzing, no_main)]

use navyd_hub::{
    export::{Format, Raw},
    import::{ImportError, har},
};

fn written(all: &[Raw]) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(format) = Format::of("har") {
        assert!((format.write)(all, &mut out).is_ok());
    }
    out
}

navyd_fuzz::target!(|bytes: &[u8]| {
    match har(bytes) {
        Ok(archive) => {
            let once = written(&archive.entries);
            let again = har(&once).map(|archive| written(&archive.entries));
            let again = again.unwrap_or_else(|error| panic!("{error}: {}", once.escape_ascii()));
            assert!(once == again, "{}\n{}", once.escape_ascii(), again.escape_ascii());
        }
        Err(ImportError::Mistake { line, what, .. }) => assert!(line > 0 && !what.is_empty()),
        Err(ImportError::Long(_)) => unreachable!("no input is so long"),
    }
});
