//! Instructions of a code, packed until somebody reads them.
//!
//! Most functions of a program are called by no top level: nobody ever reads their instructions, which would take
//! most of the memory of an analysis. They are kept as bytes, a quarter as long, and unpacked one code at a time.

use std::borrow::Cow;
use std::sync::OnceLock;

use ruff_text_size::{TextRange, TextSize};

use crate::ir::Instruction;

/// Instructions, each with the range that it came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plain {
    pub instructions: Vec<Instruction>,
    /// Parallel to `instructions`.
    pub ranges: Vec<TextRange>,
}

/// The instructions of one code.
#[derive(Clone, Debug, Default)]
pub struct Body {
    packed: Option<Packed>,
    plain: OnceLock<Box<Plain>>,
}

impl Body {
    /// Of a code that is run as soon as the module is evaluated.
    pub(crate) fn plain(plain: Plain) -> Body {
        Body { packed: None, plain: OnceLock::from(Box::new(plain)) }
    }

    pub(crate) fn packed(plain: &Plain) -> Body {
        match Packed::new(plain) {
            Some(packed) => Body { packed: Some(packed), plain: OnceLock::new() },
            None => Body::plain(plain.clone()),
        }
    }

    /// Unpacks it for good.
    pub fn get(&self) -> &Plain {
        self.plain
            .get_or_init(|| Box::new(Plain { instructions: self.unpack_instructions(), ranges: self.unpack_ranges() }))
    }

    /// The instructions, unpacked for once where that was not done for good.
    pub fn peek(&self) -> Cow<'_, [Instruction]> {
        match self.plain.get() {
            Some(plain) => Cow::Borrowed(&plain.instructions),
            None => Cow::Owned(self.unpack_instructions()),
        }
    }

    /// The ranges, likewise.
    pub fn peek_ranges(&self) -> Cow<'_, [TextRange]> {
        match self.plain.get() {
            Some(plain) => Cow::Borrowed(&plain.ranges),
            None => Cow::Owned(self.unpack_ranges()),
        }
    }

    /// Whether the instructions are equal, whatever their ranges.
    pub fn has_the_same_instructions(&self, other: &Body) -> bool {
        match (&self.packed, &other.packed) {
            (Some(packed), Some(other)) => packed.instructions() == other.instructions(),
            _ => self.peek() == other.peek(),
        }
    }

    // Nobody but `Packed::new` has written the bytes: they can be read.

    fn unpack_instructions(&self) -> Vec<Instruction> {
        let unpacked = self.packed.as_ref().and_then(Packed::unpack_instructions);
        unpacked.unwrap_or_else(|| vec![Instruction::Unsupported("instructions that can't be unpacked".into())])
    }

    fn unpack_ranges(&self) -> Vec<TextRange> {
        self.packed.as_ref().and_then(Packed::unpack_ranges).unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
struct Packed {
    /// The instructions, then for each of them how far it begins after the one before, and its length.
    bytes: Box<[u8]>,
    count: u32,
    ranges_at: u32,
}

impl Packed {
    fn new(plain: &Plain) -> Option<Packed> {
        thread_local! {
            static BUFFER: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        let mut buffer = BUFFER.take();
        buffer.clear();
        for instruction in &plain.instructions {
            buffer = postcard::to_extend(instruction, buffer).ok()?;
        }
        let ranges_at = u32::try_from(buffer.len()).ok()?;
        let mut before = TextSize::default();
        for range in &plain.ranges {
            let step = i64::from(range.start().to_u32()) - i64::from(before.to_u32());
            buffer = postcard::to_extend(&(step, range.len().to_u32()), buffer).ok()?;
            before = range.start();
        }
        let bytes = Box::from(&buffer[..]);
        BUFFER.set(buffer);
        Some(Packed { bytes, count: u32::try_from(plain.instructions.len()).ok()?, ranges_at })
    }

    fn instructions(&self) -> &[u8] {
        &self.bytes[..self.ranges_at as usize]
    }

    fn unpack_instructions(&self) -> Option<Vec<Instruction>> {
        let mut rest = self.instructions();
        let mut instructions = Vec::with_capacity(self.count as usize);
        for _ in 0..self.count {
            let (instruction, after) = postcard::take_from_bytes(rest).ok()?;
            instructions.push(instruction);
            rest = after;
        }
        Some(instructions)
    }

    fn unpack_ranges(&self) -> Option<Vec<TextRange>> {
        let mut rest = &self.bytes[self.ranges_at as usize..];
        let mut ranges = Vec::with_capacity(self.count as usize);
        let mut before = 0;
        for _ in 0..self.count {
            let ((step, length), after) = postcard::take_from_bytes::<(i64, u32)>(rest).ok()?;
            let start = u32::try_from(i64::from(before) + step).ok()?;
            ranges.push(TextRange::at(start.into(), length.into()));
            (before, rest) = (start, after);
        }
        Some(ranges)
    }
}
