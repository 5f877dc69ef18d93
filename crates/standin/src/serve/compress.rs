//! Texts that are compressed when they are asked for, and kept as long as there is room.
//!
//! Deliberately absent: large files and parts of files, which are sent as they are. Who wants those small compresses
//! them ahead.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    io::{self, Write as _},
    ops::RangeInclusive,
};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{coding::Coding, held::Served};

/// How long a file is that is compressed: shorter ones fit a packet anyway.
pub(super) const LENGTHS: RangeInclusive<u64> = 512..=2 * 1024 * 1024;

/// How many bytes are kept, compressed.
const KEPT: usize = 8 * 1024 * 1024;

/// What is longer is compressed on another thread: it takes longer than a millisecond.
const AT_ONCE: u64 = 16 * 1024;

/// Between fast and small, where each coding is both.
const BROTLI: u32 = 4;
const ZSTD: i32 = 3;
const GZIP: u32 = 6;

/// Compressed texts by their tags, which are of one version and one coding.
#[derive(Debug, Default)]
pub(super) struct Compressed {
    kept: RefCell<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<String, Bytes>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Compressed {
    /// The compressed bytes of a file, whose tag this is.
    ///
    /// # Errors
    /// When the file cannot be read, or is no longer as long as it was.
    pub(super) async fn text(&self, tag: &str, coding: Coding, file: Served) -> io::Result<Bytes> {
        if let Some(text) = self.kept.borrow().texts.get(tag) {
            return Ok(text.clone());
        }
        let length = file.facts.length;
        let work = move || compress(&file.whole()?, coding);
        let text = if length <= AT_ONCE { work()? } else { spawn_blocking(work).await?? };
        let text = Bytes::from(text);
        self.kept.borrow_mut().keep(tag, &text);
        Ok(text)
    }
}

impl Kept {
    fn keep(&mut self, tag: &str, text: &Bytes) {
        if text.len() > KEPT || self.texts.insert(tag.to_owned(), text.clone()).is_some() {
            return;
        }
        self.order.push_back(tag.to_owned());
        self.bytes += text.len();
        while self.bytes > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.bytes -= self.texts.remove(&oldest).map_or(0, |text| text.len());
        }
    }
}

fn compress(bytes: &[u8], coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Brotli => {
            let mut out = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, BROTLI, 20);
            out.write_all(bytes)?;
            out.flush()?;
            Ok(out.into_inner())
        }
        Coding::Zstd => zstd::bulk::compress(bytes, ZSTD),
        Coding::Gzip => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP));
            out.write_all(bytes)?;
            out.finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{super::coding::CODINGS, *};

    #[test]
    fn what_is_compressed_is_read_back() {
        let text = "navyd ".repeat(5000).into_bytes();
        for coding in CODINGS {
            let small = compress(&text, coding).expect("it is memory");
            assert!(small.len() < text.len() / 10, "{coding:?}: {}", small.len());
            let mut back = Vec::new();
            match coding {
                Coding::Brotli => brotli::Decompressor::new(&small[..], 4096).read_to_end(&mut back),
                Coding::Zstd => zstd::stream::read::Decoder::new(&small[..])
                    .and_then(|mut decoder| decoder.read_to_end(&mut back)),
                Coding::Gzip => flate2::read::GzDecoder::new(&small[..]).read_to_end(&mut back),
            }
            .expect("it was compressed so");
            assert_eq!(back, text, "{coding:?}");
        }
    }

    #[test]
    fn the_oldest_give_way() {
        let mut kept = Kept::default();
        let third = Bytes::from(vec![0; KEPT / 3]);
        for tag in ["a", "b", "c", "d"] {
            kept.keep(tag, &third);
            kept.keep(tag, &third);
        }
        kept.keep("huge", &Bytes::from(vec![0; KEPT + 1]));
        let mut tags: Vec<_> = kept.texts.keys().map(String::as_str).collect();
        tags.sort_unstable();
        assert_eq!((tags, kept.bytes, kept.order.len()), (vec!["b", "c", "d"], KEPT / 3 * 3, 3));
    }
}
