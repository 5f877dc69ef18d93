//! `navyd serve`: the files of a folder, or one file, over HTTP.
//!
//! Arguments as written become settings once. Deliberately absent: what is answered, which is `standin::serve`.

use std::{io::ErrorKind, path::PathBuf, rc::Rc};

use navyd_standin::{
    Stand,
    http::Server,
    serve::{Access, Files, Settings},
};

use super::{
    Command, Stage,
    standin::{self, Flags, Place, Ready},
};
use crate::{exit::Exit, out::Failure};

/// Serve the files of a folder
///
/// Ranges, conditions, compression and listings as browsers and programs expect them. Nothing outside of the folder is
/// reached, whatever is asked for; names that begin with a dot are left out.
#[derive(Debug, clap::Parser)]
#[command(
    name = "serve",
    after_long_help = "Examples:\n  \
        navyd serve                        this folder\n  \
        navyd serve dist --port 8080       a folder, at a port of your choice\n  \
        navyd serve site --watch           pages that follow what you write\n  \
        navyd serve --auth me:secret@/x    a folder that is not for everybody\n  \
        navyd serve dist --spa             an application of one page\n  \
        navyd serve --lan                  for the phone beside you: shows a QR code\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Serve {
    /// The folder, or one file
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    path: PathBuf,

    /// Answer what is not there with the page of the root, as applications of one page want it
    #[arg(long)]
    spa: bool,

    /// Load pages again when a file changes, and replace styles where they stand
    #[arg(long, short)]
    watch: bool,

    /// Take files that are sent with PUT, also in pieces (Content-Range), or by the form of a listing
    #[arg(long)]
    upload: bool,

    /// The longest file that is taken, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, requires = "upload")]
    max_upload: u64,

    /// Let what is sent replace what is there, and PATCH add to it (X-Update-Range: append)
    #[arg(long, requires = "upload")]
    overwrite: bool,

    /// Take away files and empty folders with DELETE
    #[arg(long)]
    delete: bool,

    /// Be a drive as well (WebDAV): read, and changed as far as `--upload`, `--overwrite` and `--delete` allow
    #[arg(long)]
    dav: bool,

    /// Who alone may send and take away, as user:password; may be repeated
    #[arg(long, value_name = "USER:PASSWORD", env = "NAVYD_WRITE_AUTH", hide_env_values = true)]
    write_auth: Vec<String>,

    /// Serve names that begin with a dot as well
    #[arg(long)]
    hidden: bool,

    /// List no folders
    #[arg(long)]
    no_listing: bool,

    /// Send texts as they are; files that were compressed ahead are left alone, too
    #[arg(long)]
    no_compress: bool,

    /// Let pages of every origin read
    #[arg(long)]
    cors: bool,

    /// Isolate pages from other origins, as shared memory demands (COOP and COEP)
    #[arg(long)]
    isolate: bool,

    /// Send this field with every answer; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = field)]
    header: Vec<(String, String)>,

    #[command(flatten)]
    flags: Flags,
}

/// What lets pages of every origin read, and see what they read.
const CORS: [(&str, &str); 2] =
    [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "*")];

/// What keeps a page apart, so that it may measure time finely and share memory.
const ISOLATE: [(&str, &str); 3] = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

/// What the server says itself: said twice, it would be understood in two ways.
const RESERVED: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

impl Command for Serve {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let shown = self.path.display().to_string();
        let files = Files::open(&self.path, self.settings()?).map_err(|error| {
            let is_full = self.watch && error.kind() == ErrorKind::QuotaExceeded;
            let look = || format!("ls -ld {shown}");
            let hint =
                if is_full { "sudo sysctl fs.inotify.max_user_watches=1048576".into() } else { look() };
            Failure::new(format!("cannot serve `{shown}`")).cause(error.to_string()).hint(hint)
        })?;
        let door = self.flags.door(None, "serve", Some(&self.path))?;
        let clear = self.flags.clear("serve")?;
        let tls = self.flags.tls(&[&door], stage)?;
        let mut manners = self.flags.open_manners();
        manners.fields = self.fields();
        let ready = Ready {
            kind: "serve",
            does: format!("serves {shown}"),
            reach: if self.upload || self.delete {
                "read and change these files"
            } else {
                "read these files"
            },
            places: vec![Place::of(if tls.is_some() { "https" } else { "http" }, &door).led(clear.as_ref())],
        };
        standin::stand(&self.flags, stage, &ready, move |log| {
            let work = files.work();
            let server = Server { site: Rc::new(files), manners, told: log.exchanges() };
            let stand = standin::web(door, tls, clear, server);
            work.into_iter().fold(stand, Stand::beside)
        })
    }
}

impl Serve {
    fn settings(&self) -> Result<Settings, Failure> {
        let bad = || standin::bad_auth("it is user:password, or user:password@/path");
        let access = self.flags.auths().try_fold(Access::default(), |access, rule| access.with(rule));
        let mut access = access.ok_or_else(bad)?;
        for who in &self.write_auth {
            access = access.writing(who).ok_or_else(bad)?;
        }
        Ok(Settings {
            hidden: self.hidden,
            listing: !self.no_listing,
            spa: self.spa,
            cors: self.cors,
            compress: !self.no_compress,
            watch: self.watch,
            upload: self.upload.then(|| self.max_upload.saturating_mul(1024 * 1024)),
            overwrite: self.overwrite,
            delete: self.delete,
            dav: self.dav,
            access,
        })
    }

    /// The fields that every answer gets.
    fn fields(&self) -> Vec<(String, String)> {
        let fixed = CORS.iter().filter(|_| self.cors).chain(ISOLATE.iter().filter(|_| self.isolate));
        // What was typed stands instead of what a flag means.
        let typed = |name: &str| self.header.iter().any(|(typed, _)| typed.eq_ignore_ascii_case(name));
        let fixed = fixed.filter(|(name, _)| !typed(name));
        let fixed = fixed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        fixed.chain(self.header.iter().cloned()).collect()
    }
}

/// A field as it is written: `X-Name: value`.
fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("has no colon")?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("`{name}` is no name of a field"));
    }
    if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err(format!("`{name}` is the server's own to say"));
    }
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err("a value is one line".to_owned());
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_one_line_and_not_the_servers() {
        for (text, expected) in [
            ("X-Name: value: more", Some(("X-Name", "value: more"))),
            ("X-Empty:", Some(("X-Empty", ""))),
            ("X Name: v", None),
            (": v", None),
            ("X-Name", None),
            ("X: a\r\nY: b", None),
            ("content-length: 3", None),
        ] {
            let read = field(text).ok();
            let read = read.as_ref().map(|(name, value)| (name.as_str(), value.as_str()));
            assert_eq!(read, expected, "{text:?}");
        }
    }
}
