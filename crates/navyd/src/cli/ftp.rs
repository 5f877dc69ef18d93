//! `navyd ftp`: the files of a folder over FTP.
//!
//! Arguments as written become settings once. Deliberately absent: what is answered, which is `standin::ftp`.

use std::{path::PathBuf, rc::Rc, sync::Arc};

use navyd_standin::{
    Stand,
    ftp::{Ftp as Files, Moved, Settings, ToldFile},
    http::Manners,
};

use super::{
    Command, Stage,
    standin::{self, Entry, Flags, Log, Place, Ready},
};
use crate::{exit::Exit, out::Failure};

/// Serve the files of a folder over FTP
///
/// Read only, unless told otherwise, and to anyone on this machine, unless --auth names a user. Nothing outside of the
/// folder is reached; names that begin with a dot are left out. Data connections are passive. With --tls clients say AUTH
/// TLS before they log in, and neither a password nor a file goes in clear.
#[derive(Debug, clap::Parser)]
#[command(
    name = "ftp",
    after_long_help = "Examples:\n  \
        navyd ftp dist --port 2121\n  \
        navyd ftp --upload                 files may be written, renamed and deleted\n  \
        NAVYD_AUTH=me:secret navyd ftp --log\n  \
        navyd ftp --tls --ftps 9990        also for clients that encrypt from the first byte\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Ftp {
    /// The folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// Let files be written, renamed and deleted
    #[arg(long)]
    upload: bool,

    /// Reach names that begin with a dot as well
    #[arg(long)]
    hidden: bool,

    /// FTP that is encrypted from its first byte (ftps://), at this port as well; with --tls
    #[arg(long, value_name = "PORT", requires = "tls")]
    ftps: Option<u16>,

    #[command(flatten)]
    flags: Flags,
}

impl Command for Ftp {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Self { folder, upload, hidden, ftps, flags } = self;
        let shown = folder.display().to_string();
        flags.heeded("ftp", &["--auth", "--tls", "--latency", "--error-rate"])?;
        let Manners { auth, latency, error_rate, .. } = flags.manners()?;
        let settings = Settings { upload, hidden, auth, latency, error_rate };
        let files = Files::open(&folder, settings).map_err(|error| {
            Failure::new(format!("cannot serve `{shown}`"))
                .cause(error.to_string())
                .hint(format!("ls -ld {shown}"))
        })?;
        let door = flags.door(None, "ftp", Some(&folder))?;
        let implicit = ftps.map(|port| flags.door(Some(port), "ftp", None)).transpose()?;
        let doors: Vec<_> = std::iter::once(&door).chain(&implicit).collect();
        let tls = flags.tls(&doors, stage)?;
        let schemes = ["ftp", "ftps"].into_iter().zip(&doors);
        let places = schemes.map(|(scheme, door)| Place::of(scheme, door)).collect();
        let ready = Ready {
            kind: "ftp",
            does: format!("serves {shown}{}", if upload { ", to be changed as well" } else { "" }),
            reach: if upload { "change these files" } else { "read these files" },
            places,
        };
        standin::stand(&flags, stage, &ready, move |log| {
            let files = Rc::new(files.speaking(tls.clone()).telling(log.files()));
            let stand = Stand::new().answering(door, None, Rc::clone(&files) as _);
            implicit
                .into_iter()
                .fold(stand, |stand, door| stand.answering(door, tls.clone(), Rc::clone(&files) as _))
        })
    }
}

impl Log {
    /// Who is to be told of each file; `None` where no log is kept.
    fn files(&self) -> Option<ToldFile> {
        self.is_kept().then(|| {
            let log = self.clone();
            Arc::new(move |moved: Moved| {
                log.tell(Entry {
                    kind: Some("ftp"),
                    method: moved.command.to_owned(),
                    target: moved.path,
                    bytes: moved.bytes,
                    ..Entry::default()
                });
            }) as ToldFile
        })
    }
}
