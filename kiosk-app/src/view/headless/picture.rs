//! Pictures of pages, as PNG files that stay small: the commonest colours are kept, the others drawn in the nearest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

/// Colours of a PNG, at most; a page has about 1,500, nearly all of them edges of letters.
const MOST_COLOURS: usize = 256;
/// Colours that are kept as they are.
const COMMON_COLOURS: usize = 64;

/// A picture, three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green and blue, row by row.
    pub rgb: Vec<u8>,
}

/// Why a picture could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file could not be written or opened.
    #[error("{path} cannot be opened")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It could not be encoded.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: png::EncodingError,
    },
    /// It is no picture of ours.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: png::DecodingError,
    },
}

impl Picture {
    /// How far a channel of a saved picture may be off.
    pub const MOST_OFF: u8 = 16;

    /// Writes it as PNG, each channel at most [`Self::MOST_OFF`] off.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PictureError> {
        let file = File::create(path).map_err(|source| PictureError::File { path: path.into(), source })?;
        self.encode(BufWriter::new(file)).map_err(|source| PictureError::Write { path: path.into(), source })
    }

    /// Reads one that [`Self::save`] wrote.
    ///
    /// # Errors
    /// When there is none, or it is of another kind.
    pub fn load(path: &Path) -> Result<Self, PictureError> {
        let file = File::open(path).map_err(|source| PictureError::File { path: path.into(), source })?;
        Self::decode(BufReader::new(file)).map_err(|source| PictureError::Read { path: path.into(), source })
    }

    fn encode(&self, writer: impl std::io::Write) -> Result<(), png::EncodingError> {
        let palette = self.palette();
        let mut indices = Vec::with_capacity(self.rgb.len() / 3);
        let mut nearest = BTreeMap::new();
        for (pixel, length) in self.runs() {
            let index = *nearest.entry(pixel).or_insert_with(|| index_of_nearest(&palette, pixel));
            indices.resize(indices.len() + length, index);
        }
        let mut encoder = png::Encoder::new(writer, self.width, self.height);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        encoder.write_header()?.write_image_data(&indices)
    }

    /// Runs of one colour and their lengths.
    fn runs(&self) -> impl Iterator<Item = ([u8; 3], usize)> {
        self.rgb.as_chunks().0.chunk_by(|one, next| one == next).map(|run| (run[0], run.len()))
    }

    /// The commonest colours, which grounds and whole letters are made of; then, of the edges of letters, always the one
    /// that would come out worst, until none is far off.
    fn palette(&self) -> Vec<[u8; 3]> {
        let mut counts = BTreeMap::new();
        for (colour, length) in self.runs() {
            *counts.entry(colour).or_insert(0) += length;
        }
        let mut colours: Vec<([u8; 3], usize)> = counts.into_iter().collect();
        colours.sort_by_key(|(_colour, count)| std::cmp::Reverse(*count));
        let mut colours = colours.into_iter().map(|(colour, _count)| colour);
        let mut palette: Vec<[u8; 3]> = colours.by_ref().take(COMMON_COLOURS).collect();
        let mut edges: Vec<([u8; 3], u8)> = colours
            .map(|edge| (edge, palette.iter().map(|colour| off(*colour, edge)).min().unwrap_or(255)))
            .collect();
        while palette.len() < MOST_COLOURS {
            let Some((worst, _off)) =
                edges.iter().copied().max_by_key(|edge| edge.1).filter(|edge| edge.1 > Self::MOST_OFF)
            else {
                break;
            };
            palette.push(worst);
            for (edge, nearest) in &mut edges {
                *nearest = off(worst, *edge).min(*nearest);
            }
        }
        palette
    }

    fn decode(reader: impl std::io::BufRead + std::io::Seek) -> Result<Self, png::DecodingError> {
        let mut decoder = png::Decoder::new(reader);
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info()?;
        let mut rgb = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut rgb)?;
        rgb.truncate(info.buffer_size());
        Ok(Self { width: info.width, height: info.height, rgb })
    }
}

fn index_of_nearest(palette: &[[u8; 3]], pixel: [u8; 3]) -> u8 {
    let nearest = palette.iter().enumerate().min_by_key(|(_index, colour)| off(**colour, pixel));
    nearest.and_then(|(index, _colour)| u8::try_from(index).ok()).unwrap_or_default()
}

/// How far two colours are apart in the channel that differs most.
fn off(one: [u8; 3], other: [u8; 3]) -> u8 {
    one[0].abs_diff(other[0]).max(one[1].abs_diff(other[1])).max(one[2].abs_diff(other[2]))
}
