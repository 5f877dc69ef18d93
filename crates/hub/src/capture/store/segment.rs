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

use crate::capture::limits::{FRAME, SEGMENT};

/// Much faster than higher levels, and text still shrinks to a third.
const LEVEL: i32 = 1;

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

/// Reads so many bytes of a body.
pub(crate) fn read(folder: &Path, place: Place, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(file(folder, place.segment))?;
    file.seek(SeekFrom::Start(place.frame))?;
    let mut decoder = zstd::stream::read::Decoder::new(file)?.single_frame();
    io::copy(&mut (&mut decoder).take(place.at), &mut io::sink())?;
    let mut bytes = Vec::new();
    decoder.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

fn file(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("bodies-{number:04}.seg"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

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
        for (place, body) in places.iter().zip(&bodies) {
            assert_eq!(&read(scratch.path(), *place, body.len() as u64).unwrap(), body);
        }
        let beyond = Place { at: 1 << 40, ..places[0] };
        assert!(read(scratch.path(), beyond, 1).is_err());
    }
}
