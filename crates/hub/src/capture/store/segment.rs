//! Segments: files of zstd frames, to which bodies are only ever appended.
//!
//! Small bodies share a frame, so that what they have in common is written once; a body is found by its segment, where
//! its frame begins, and where it stands in it. A frame that was written by halves is cut off again, and if even that
//! fails, nothing refers to it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use zstd::bulk::Compressor;

use crate::capture::limits::{BACK, FRAME, FRONT, SEGMENT};

/// Much faster than higher levels, and text still shrinks to a third.
const LEVEL: i32 = 1;

/// No frame is longer than the longest body, and the small ones that were in front of it.
const LONGEST: u64 = (2 * (FRONT + BACK) + FRAME) as u64;

/// Where the bytes of a body stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: u32,
    /// Where its frame begins in the file.
    pub(crate) frame: u64,
    /// Where it begins in the frame, decoded.
    pub(crate) at: u64,
}

/// Appends bodies to the segments of one folder.
pub(super) struct Segments {
    folder: PathBuf,
    number: u32,
    file: Option<File>,
    /// How long the file is, as far as what it has is whole.
    length: u64,
    /// Bodies of the frame that is being filled.
    frame: Vec<u8>,
    compressor: Compressor<'static>,
    compressed: Vec<u8>,
}

impl Segments {
    /// Behind the last segment of a folder.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let mut number = 1;
        while file(folder, number + 1).exists() {
            number += 1;
        }
        let length = file(folder, number).metadata().map_or(0, |found| found.len());
        let compressor = Compressor::new(LEVEL)?;
        let (frame, compressed) = (Vec::with_capacity(FRAME), Vec::new());
        Ok(Self { folder: folder.to_owned(), number, file: None, length, frame, compressor, compressed })
    }

    /// Appends a body of these parts. It can be read after [`Segments::flush`].
    pub(super) fn add(&mut self, parts: [&[u8]; 2]) -> io::Result<Place> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if self.frame.len() + length > FRAME {
            self.flush()?;
        }
        if self.length >= SEGMENT && self.frame.is_empty() {
            (self.number, self.file, self.length) = (self.number + 1, None, 0);
        }
        let place = Place { segment: self.number, frame: self.length, at: self.frame.len() as u64 };
        parts.iter().for_each(|part| self.frame.extend_from_slice(part));
        Ok(place)
    }

    /// Writes the frame that was begun. When that fails the bodies in it are gone.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        self.compressed.clear();
        self.compressed.reserve(zstd::zstd_safe::compress_bound(self.frame.len()));
        let compressed = self.compressor.compress_to_buffer(&self.frame, &mut self.compressed);
        self.frame.clear();
        // One large body must not hold its memory for ever.
        self.frame.shrink_to(FRAME);
        compressed?;
        let written = self.write();
        self.compressed.shrink_to(2 * FRAME);
        written
    }

    /// Gives up the frame that was begun.
    pub(super) fn forget(&mut self) {
        self.frame.clear();
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let path = file(&self.folder, self.number);
                none.insert(OpenOptions::new().create(true).append(true).open(path)?)
            }
        };
        if let Err(error) = file.write_all(&self.compressed) {
            // Whatever was written of it would be in front of the next frame.
            let cut = file.set_len(self.length);
            self.file = None;
            if cut.is_err() {
                (self.number, self.length) = (self.number + 1, 0);
            }
            return Err(error);
        }
        self.length += self.compressed.len() as u64;
        Ok(())
    }
}

/// Reads bodies of one folder. The frame that was read last is remembered, since neighbours share it.
pub(crate) struct Frames {
    folder: PathBuf,
    file: Option<(u32, File)>,
    /// Which frame `bytes` are the front of.
    frame: Option<(u32, u64)>,
    bytes: Vec<u8>,
}

impl Frames {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: None, frame: None, bytes: Vec::new() }
    }

    /// So many bytes of a body. Of nothing nothing was written, so that no frame may stand at its place.
    pub(crate) fn read(&mut self, place: Place, length: u64) -> io::Result<&[u8]> {
        if length == 0 {
            return Ok(&[]);
        }
        let end = place.at.saturating_add(length);
        let here = self.frame == Some((place.segment, place.frame));
        if !here || (self.bytes.len() as u64) < end {
            self.load(place, end.max(FRAME as u64))?;
        }
        let range = usize::try_from(place.at).ok().zip(usize::try_from(end).ok());
        let bytes = range.and_then(|(start, end)| self.bytes.get(start..end));
        bytes.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Decodes so many bytes of a frame at most. No body is longer than what is kept of one, so a place beyond that is
    /// none.
    fn load(&mut self, place: Place, most: u64) -> io::Result<()> {
        if most > LONGEST {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.frame = None;
        let file = match &mut self.file {
            Some((number, file)) if *number == place.segment => file,
            other => {
                let opened = File::open(file(&self.folder, place.segment))?;
                &mut other.insert((place.segment, opened)).1
            }
        };
        file.seek(SeekFrom::Start(place.frame))?;
        self.bytes.clear();
        let decoder = zstd::stream::read::Decoder::new(file)?.single_frame();
        decoder.take(most).read_to_end(&mut self.bytes)?;
        self.frame = Some((place.segment, place.frame));
        Ok(())
    }
}

fn file(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("bodies-{number:04}.seg"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_body_of_which_nothing_is_kept_is_there() {
        let scratch = Scratch::new();
        let mut segments = Segments::open(scratch.path()).unwrap();
        let place = segments.add([b"", b""]).unwrap();
        segments.flush().unwrap();
        assert_eq!(Frames::new(scratch.path()).read(place, 0).unwrap(), b"");
        assert!(Frames::new(scratch.path()).read(place, 1).is_err());
    }

    #[test]
    fn bodies_come_back_and_new_ones_are_appended() {
        let scratch = Scratch::new();
        let bodies: Vec<Vec<u8>> =
            (0..200_usize).map(|at| vec![at as u8; at * 37]).chain([vec![7; 900_000]]).collect();
        let mut places = Vec::new();
        for half in [&bodies[..100], &bodies[100..]] {
            let mut segments = Segments::open(scratch.path()).unwrap();
            for body in half {
                let (front, back) = body.split_at(body.len() / 2);
                places.push(segments.add([front, back]).unwrap());
            }
            segments.flush().unwrap();
        }
        let mut frames = Frames::new(scratch.path());
        for (place, body) in places.iter().zip(&bodies).chain(places.iter().zip(&bodies).rev().step_by(7)) {
            assert_eq!(frames.read(*place, body.len() as u64).unwrap(), body);
        }
        for at in [1 << 20, 1 << 40, u64::MAX] {
            assert!(frames.read(Place { at, ..places[0] }, 1).is_err());
        }
        assert!(frames.read(Place { segment: 9, ..places[0] }, 1).is_err());
        assert!(frames.read(places[1], 37).is_ok(), "a mistake is forgotten");
    }
}
