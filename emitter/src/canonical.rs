//! Marshalled code objects in one fixed form.
//!
//! `marshal.dumps` marks every object that something else in the process refers to as a possible
//! target of a back reference (`FLAG_REF`), so the bytes of one code object depend on what else is
//! loaded. Here only objects that are referred to later in the stream keep the mark, and
//! references are numbered anew. Loading gives the same objects with the same sharing.

use thiserror::Error;

#[derive(Debug, Error)]
#[error("marshalled code is not understood at byte {0}")]
pub struct CanonicalError(usize);

const FLAG_REF: u8 = 0x80;

/// Rewrites the output of `marshal.dumps` (version 4, Python 3.11 to 3.13).
pub fn canonical(bytes: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    let mut scan = Scan { bytes, at: 0, marks: Vec::new(), references: Vec::new() };
    scan.run()?;
    if scan.at != bytes.len() {
        return Err(CanonicalError(scan.at));
    }
    let mut used = vec![false; scan.marks.len()];
    for (at, target) in &scan.references {
        *used.get_mut(*target as usize).ok_or(CanonicalError(*at))? = true;
    }
    let mut number = 0u32;
    let numbers: Vec<u32> = used
        .iter()
        .map(|used| {
            let own = number;
            number += u32::from(*used);
            own
        })
        .collect();
    let mut result = bytes.to_vec();
    for (mark, used) in scan.marks.iter().zip(&used) {
        if !used {
            result[*mark] &= !FLAG_REF;
        }
    }
    for (at, target) in &scan.references {
        result[*at..*at + 4].copy_from_slice(&numbers[*target as usize].to_le_bytes());
    }
    Ok(result)
}

/// What the reader still expects, innermost last.
enum Pending {
    Objects(usize),
    /// Keys and values up to the end mark.
    Entries,
    /// Fields of a code object, by place in [`CODE_FIELDS`].
    Code(usize),
}

/// A code object's fields in order (`w_complex_object`): the numbers among them are not objects.
const CODE_FIELDS: [bool; CODE_LENGTH] = [
    false, false, false, false, false, // argcount, posonlyargcount, kwonlyargcount, stacksize, flags
    true, true, true, true, true, // code, consts, names, localsplusnames, localspluskinds
    true, true, true,  // filename, name, qualname
    false, // firstlineno
    true, true, // linetable, exceptiontable
];
const CODE_LENGTH: usize = 16;

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the type byte of each marked object stands; a reference's number is an index into this.
    marks: Vec<usize>,
    /// Where each reference's number stands, and the number.
    references: Vec<(usize, u32)>,
}

impl Scan<'_> {
    fn word(&mut self) -> Result<u32, CanonicalError> {
        let bytes =
            self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(CanonicalError(self.at))?;
        self.at += 4;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn skip(&mut self, count: usize) -> Result<(), CanonicalError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        self.at = end.ok_or(CanonicalError(self.at))?;
        Ok(())
    }

    fn run(&mut self) -> Result<(), CanonicalError> {
        let mut pending = vec![Pending::Objects(1)];
        while let Some(innermost) = pending.last_mut() {
            match innermost {
                Pending::Objects(0) => {
                    pending.pop();
                    continue;
                }
                Pending::Objects(count) => *count -= 1,
                Pending::Entries => {
                    if self.bytes.get(self.at) == Some(&b'0') {
                        self.at += 1;
                        pending.pop();
                        continue;
                    }
                }
                Pending::Code(CODE_LENGTH) => {
                    pending.pop();
                    continue;
                }
                Pending::Code(field) => {
                    let is_object = CODE_FIELDS[*field];
                    *field += 1;
                    if !is_object {
                        self.word()?;
                        continue;
                    }
                }
            }
            self.object(&mut pending)?;
        }
        Ok(())
    }

    fn object(&mut self, pending: &mut Vec<Pending>) -> Result<(), CanonicalError> {
        let at = self.at;
        let byte = *self.bytes.get(at).ok_or(CanonicalError(at))?;
        self.at += 1;
        if byte & FLAG_REF != 0 {
            self.marks.push(at);
        }
        match byte & !FLAG_REF {
            b'N' | b'T' | b'F' | b'S' | b'.' => {}
            b'i' => self.skip(4)?,
            b'g' => self.skip(8)?,
            b'y' => self.skip(16)?,
            b'l' => {
                let count = (self.word()? as i32).unsigned_abs() as usize;
                self.skip(count.saturating_mul(2))?;
            }
            b's' | b'u' | b't' | b'a' | b'A' => {
                let length = self.word()? as usize;
                self.skip(length)?;
            }
            b'z' | b'Z' | b')' => {
                let length = usize::from(*self.bytes.get(self.at).ok_or(CanonicalError(self.at))?);
                self.at += 1;
                if byte & !FLAG_REF == b')' {
                    pending.push(Pending::Objects(length));
                } else {
                    self.skip(length)?;
                }
            }
            b'(' | b'[' | b'<' | b'>' => {
                let length = self.word()? as usize;
                pending.push(Pending::Objects(length));
            }
            b'{' => pending.push(Pending::Entries),
            b'c' => pending.push(Pending::Code(0)),
            b'r' => {
                let place = self.at;
                let target = self.word()?;
                self.references.push((place, target));
            }
            _ => return Err(CanonicalError(at)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_nothing_refers_to_are_dropped() {
        // ("a", "b", "b") with a needless mark on "a" and on the tuple.
        let marked = [0xa9, 3, b'z' | 0x80, 1, b'a', b'z' | 0x80, 1, b'b', b'r', 2, 0, 0, 0];
        let plain = [b')', 3, b'z', 1, b'a', b'z' | 0x80, 1, b'b', b'r', 0, 0, 0, 0];
        assert_eq!(canonical(&marked).expect("well-formed"), plain);
        assert_eq!(canonical(&plain).expect("well-formed"), plain);
    }

    #[test]
    fn what_is_cut_is_refused() {
        assert!(canonical(&[b'z', 4, b'a']).is_err());
        assert!(canonical(&[b'r', 0, 0, 0, 0]).is_err());
        assert!(canonical(b"NN").is_err());
    }
}
