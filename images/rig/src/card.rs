//! The kiosk's storage card as it behaves when power fails: what was not flushed is lost, or half of it is.
//!
//! ```text
//!  write ---> pending --- flush ---> durable --- read falls through ---> base (the image's file, never written)
//!                 '------ cut: lost, or a random part of it kept
//! ```
//! Killing QEMU alone proves nothing: the host's page cache would keep what the guest never flushed. The card therefore lies
//! behind a protocol of ours ([`crate::nbd`]), and this is what lies there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::mbr::{self, Partition};
use crate::random::Random;

const BLOCK: usize = 4096;
const SECTOR: usize = 512;
const MAGIC: &[u8; 8] = b"kioskcrd";

type Block = [u8; BLOCK];

/// What the card does with unflushed writes when power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of them are lost.
    LosesAll,
    /// Each sector of them is kept or lost by chance: the order of writes means nothing, blocks may be torn.
    Tears,
}

/// A storage card. A clone is a copy of what it holds at that moment, cheap to make.
#[derive(Clone)]
pub struct Card {
    base: Arc<File>,
    length: u64,
    durable: BTreeMap<u64, Arc<Block>>,
    pending: BTreeMap<u64, Arc<Block>>,
    flushes: u64,
    lies: bool,
}

impl Card {
    /// A card with this image on it and `more` bytes beyond the image's end. The file itself is never written.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn flash(image: &Path, more: u64) -> io::Result<Self> {
        let base = File::open(image)?;
        let length = base.metadata()?.len().next_multiple_of(BLOCK as u64) + more;
        let (durable, pending) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { base: Arc::new(base), length, durable, pending, flushes: 0, lies: false })
    }

    /// Makes the card say "flushed" without doing it: the positive control that every campaign must fail.
    pub fn lie(&mut self) {
        self.lies = true;
    }

    /// Bytes of the card.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How often the guest asked for a flush.
    pub fn flushes(&self) -> u64 {
        self.flushes
    }

    /// Bytes that a cut would endanger now.
    pub fn unflushed(&self) -> u64 {
        (self.pending.len() * BLOCK) as u64
    }

    /// Reads what stands at `offset`, zeroes beyond the image.
    ///
    /// # Errors
    /// When the image's file cannot be read.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (mut offset, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let (index, within) = place(offset);
            let count = rest.len().min(BLOCK - within);
            let (part, later) = rest.split_at_mut(count);
            let block = self.block(index)?;
            part.copy_from_slice(block.get(within..within + count).unwrap_or_default());
            (rest, offset) = (later, offset + count as u64);
        }
        Ok(())
    }

    /// Writes at `offset`; a cut may still take it back.
    ///
    /// # Errors
    /// When the image's file cannot be read.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (index, within) = place(offset);
            let (part, later) = rest.split_at(rest.len().min(BLOCK - within));
            let mut block = self.block(index)?;
            if let Some(target) = Arc::make_mut(&mut block).get_mut(within..within + part.len()) {
                target.copy_from_slice(part);
            }
            self.pending.insert(index, block);
            (rest, offset) = (later, offset + part.len() as u64);
        }
        Ok(())
    }

    /// Makes all that was written durable.
    pub fn flush(&mut self) {
        self.flushes += 1;
        if !self.lies {
            self.durable.append(&mut self.pending);
        }
    }

    /// Power fails.
    ///
    /// # Errors
    /// When the image's file cannot be read.
    pub fn cut(&mut self, how: Cut, random: &mut Random) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if how == Cut::LosesAll {
            return Ok(());
        }
        for (index, written) in pending {
            let mut kept = self.block(index)?;
            let sectors = written.chunks_exact(SECTOR).zip(Arc::make_mut(&mut kept).chunks_exact_mut(SECTOR));
            for (new, old) in sectors.filter(|_| random.below(2) == 0) {
                old.copy_from_slice(new);
            }
            self.durable.insert(index, kept);
        }
        Ok(())
    }

    /// Its partitions.
    ///
    /// # Errors
    /// When it cannot be read or has no MBR.
    pub fn partitions(&self) -> io::Result<Vec<Partition>> {
        mbr::partitions(|offset, buffer| self.read(offset, buffer))
    }

    /// A partition by its number.
    ///
    /// # Errors
    /// When there is none.
    pub fn partition(&self, number: u32) -> io::Result<Partition> {
        let found = self.partitions()?.into_iter().find(|partition| partition.number == number);
        found.ok_or_else(|| io::Error::other(format!("the card has no partition {number}")))
    }

    /// Copies a partition into a file, holes where there are zeroes.
    ///
    /// # Errors
    /// When there is no such partition, or the file cannot be written.
    pub fn copy_out(&self, partition: Partition, to: &Path) -> io::Result<()> {
        let file = File::create(to)?;
        file.set_len(partition.length)?;
        let mut buffer = vec![0; 1 << 20];
        let mut done = 0;
        while done < partition.length {
            let count = usize::try_from(partition.length - done).unwrap_or(buffer.len()).min(buffer.len());
            let part = buffer.get_mut(..count).unwrap_or_default();
            self.read(partition.start + done, part)?;
            if part.iter().any(|byte| *byte != 0) {
                file.write_all_at(part, done)?;
            }
            done += count as u64;
        }
        Ok(())
    }

    /// Puts a partition's file back, as a person with a card reader would: durable at once, only what differs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn copy_in(&mut self, partition: Partition, from: &Path) -> io::Result<()> {
        let file = File::open(from)?;
        let mut new = [0; BLOCK];
        let mut old = [0; BLOCK];
        for done in (0..partition.length).step_by(BLOCK) {
            let count = usize::try_from(partition.length - done).unwrap_or(BLOCK).min(BLOCK);
            let (new, old) =
                (new.get_mut(..count).unwrap_or_default(), old.get_mut(..count).unwrap_or_default());
            file.read_exact_at(new, done)?;
            self.read(partition.start + done, old)?;
            if new != old {
                self.write(partition.start + done, new)?;
            }
        }
        self.durable.append(&mut self.pending);
        Ok(())
    }

    /// Keeps what differs from the image in a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, to: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(to)?);
        file.write_all(MAGIC)?;
        file.write_all(&self.length.to_le_bytes())?;
        for (index, block) in &self.durable {
            file.write_all(&index.to_le_bytes())?;
            file.write_all(block.as_slice())?;
        }
        file.flush()
    }

    /// Takes up what [`Card::save`] kept of a card with the same image.
    ///
    /// # Errors
    /// When the file cannot be read or is of a card of another size.
    pub fn load(&mut self, from: &Path) -> io::Result<()> {
        let mut file = BufReader::new(File::open(from)?);
        let (mut magic, mut number) = ([0; 8], [0; 8]);
        file.read_exact(&mut magic)?;
        file.read_exact(&mut number)?;
        if magic != *MAGIC || u64::from_le_bytes(number) != self.length {
            return Err(io::Error::other("the kept card belongs to another image"));
        }
        while file.read_exact(&mut number).is_ok() {
            let mut block = [0; BLOCK];
            file.read_exact(&mut block)?;
            self.durable.insert(u64::from_le_bytes(number), Arc::new(block));
        }
        Ok(())
    }

    fn block(&self, index: u64) -> io::Result<Arc<Block>> {
        if let Some(block) = self.pending.get(&index).or_else(|| self.durable.get(&index)) {
            return Ok(Arc::clone(block));
        }
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.base.read_at(rest, index * BLOCK as u64 + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(Arc::new(block))
    }
}

fn place(offset: u64) -> (u64, usize) {
    let block = BLOCK as u64;
    (offset / block, usize::try_from(offset % block).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IMAGE: u64 = 16 * 4096;

    fn card() -> (tempfile::NamedTempFile, Card) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; usize::try_from(IMAGE).unwrap()]).unwrap();
        let card = Card::flash(file.path(), 8192).unwrap();
        (file, card)
    }

    fn at(card: &Card, offset: u64) -> u8 {
        let mut byte = [0];
        card.read(offset, &mut byte).unwrap();
        byte[0]
    }

    #[test]
    fn what_was_not_flushed_is_lost_and_what_was_flushed_stays() {
        let (_file, mut card) = card();
        card.write(4095, &[1, 2]).unwrap();
        card.flush();
        card.write(4095, &[3, 4]).unwrap();
        assert_eq!((at(&card, 4095), at(&card, 4096)), (3, 4));
        card.cut(Cut::LosesAll, &mut Random::new(1)).unwrap();
        assert_eq!((at(&card, 4094), at(&card, 4095), at(&card, 4096)), (7, 1, 2));
        assert_eq!(at(&card, IMAGE), 0);
    }

    #[test]
    fn a_torn_write_keeps_some_sectors_and_loses_some() {
        let (_file, mut card) = card();
        card.write(0, &[9; 8 * 4096]).unwrap();
        card.cut(Cut::Tears, &mut Random::new(5)).unwrap();
        let sectors: Vec<u8> = (0..64).map(|sector| at(&card, sector * 512)).collect();
        assert!(sectors.contains(&7) && sectors.contains(&9), "{sectors:?}");
    }

    #[test]
    fn a_card_that_lies_loses_what_it_called_flushed() {
        let (_file, mut card) = card();
        card.lie();
        card.write(0, &[1]).unwrap();
        card.flush();
        card.cut(Cut::LosesAll, &mut Random::new(1)).unwrap();
        assert_eq!(at(&card, 0), 7);
    }

    #[test]
    fn a_kept_card_comes_back() {
        let (file, mut card) = card();
        card.write(5000, &[1]).unwrap();
        card.flush();
        let kept = tempfile::NamedTempFile::new().unwrap();
        card.save(kept.path()).unwrap();
        let mut other = Card::flash(file.path(), 8192).unwrap();
        other.load(kept.path()).unwrap();
        assert_eq!(at(&other, 5000), 1);
        assert!(Card::flash(file.path(), 0).unwrap().load(kept.path()).is_err());
    }

    #[test]
    fn a_partition_goes_out_and_comes_in() {
        let (_file, mut card) = card();
        let partition = Partition { number: 2, start: 4096, length: 6144 };
        let copy = tempfile::NamedTempFile::new().unwrap();
        card.copy_out(partition, copy.path()).unwrap();
        let mut bytes = std::fs::read(copy.path()).unwrap();
        assert_eq!(bytes, vec![7; 6144]);
        bytes[6143] = 8;
        std::fs::write(copy.path(), bytes).unwrap();
        card.copy_in(partition, copy.path()).unwrap();
        card.cut(Cut::LosesAll, &mut Random::new(1)).unwrap();
        assert_eq!((at(&card, 4096 + 6143), at(&card, 4096 + 6144)), (8, 7));
    }

    proptest! {
        #[test]
        fn flushed_writes_read_back_as_a_plain_disk_would(
            writes in prop::collection::vec((0..IMAGE + 4096, 1_usize..5000, any::<u8>()), 1..20)
        ) {
            let (_file, mut card) = card();
            let mut plain = vec![7_u8; usize::try_from(IMAGE).unwrap()];
            plain.resize(usize::try_from(card.length()).unwrap(), 0);
            for (offset, count, value) in writes {
                let start = usize::try_from(offset).unwrap();
                let end = (start + count).min(plain.len());
                plain[start..end].fill(value);
                card.write(offset, &vec![value; end - start]).unwrap();
            }
            card.flush();
            card.cut(Cut::LosesAll, &mut Random::new(1)).unwrap();
            let mut read = vec![0; plain.len()];
            card.read(0, &mut read).unwrap();
            prop_assert_eq!(read, plain);
        }
    }
}
