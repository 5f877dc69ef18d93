//! In which form a folder is packed.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use super::{super::root::Found, tar::Tar, zip::Zip};

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    Zip,
    TarGz,
}

/// All forms, as they are written in an address.
const FORMS: [(Form, &str); 2] = [(Form::Zip, "zip"), (Form::TarGz, "tar.gz")];

/// What files and folders are put into, one behind the other, a folder before what is in it. Names are relative, with
/// slashes.
pub(super) trait Pack {
    fn folder(&mut self, name: &str, found: &Found) -> io::Result<()>;
    fn file(&mut self, name: &str, found: Found) -> io::Result<()>;
}

impl Form {
    /// The one that a query asks for.
    pub(in super::super) fn asked(query: &str) -> Option<Self> {
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("archive="))?;
        FORMS.iter().find(|(_, word)| *word == asked).map(|(form, _)| *form)
    }

    pub(super) fn media(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::TarGz => "application/gzip",
        }
    }

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
        }
    }

    /// Writes an archive of what `fill` puts in.
    pub(super) fn write(
        self,
        out: impl Write,
        fill: impl FnOnce(&mut dyn Pack) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Zip => {
                let mut zip = Zip::new(out, 0);
                fill(&mut zip)?;
                zip.finish().map(drop)
            }
            Self::TarGz => {
                let mut tar = Tar::new(GzEncoder::new(out, Compression::fast()));
                fill(&mut tar)?;
                tar.finish()?.finish()?.flush()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn queries_ask_for_forms() {
        for (query, expected) in [
            ("archive=zip", Some(Form::Zip)),
            ("sort=name&archive=tar.gz", Some(Form::TarGz)),
            ("archive=rar", None),
            ("archive", None),
            ("", None),
        ] {
            assert_eq!(Form::asked(query), expected, "{query}");
        }
    }
}
