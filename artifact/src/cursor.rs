//! Reading words and texts out of bytes that nobody vouches for.

use crate::read::ReadError;

/// A position in bytes; every read is checked against their end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
}

/// Bytes after a text of `length` bytes up to the next word.
pub(crate) const fn padding(length: usize) -> usize {
    (4 - length % 4) % 4
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (head, tail) =
            self.bytes.split_at_checked(length).ok_or(ReadError::Malformed("a record runs past its section"))?;
        self.bytes = tail;
        Ok(head)
    }

    pub(crate) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], ReadError> {
        let (head, tail) =
            self.bytes.split_first_chunk::<LENGTH>().ok_or(ReadError::Malformed("a record runs past its section"))?;
        self.bytes = tail;
        Ok(*head)
    }

    pub(crate) fn word(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn long(&mut self) -> Result<u64, ReadError> {
        self.array().map(u64::from_le_bytes)
    }

    /// `count` words, unread.
    pub(crate) fn words(&mut self, count: u32) -> Result<&'a [u8], ReadError> {
        let length = (count as usize).checked_mul(4).ok_or(ReadError::Malformed("a count is too large"))?;
        self.take(length)
    }

    /// A length in bytes, the bytes, and padding to a word.
    pub(crate) fn blob(&mut self) -> Result<&'a [u8], ReadError> {
        let length = self.word()? as usize;
        let blob = self.take(length)?;
        self.take(padding(length))?;
        Ok(blob)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.blob()?).map_err(|_| ReadError::Malformed("a name is not UTF-8"))
    }
}
