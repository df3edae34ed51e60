//! The numbers of the format. Everything is little-endian; a word is 32 bits.

use twox_hash::XxHash3_128;

/// First bytes of every bundle. As PNG's: not text, and damaged by anything that translates line ends.
pub const MAGIC: [u8; 8] = *b"\x89LYO\r\n\x1a\n";

/// Raised by every change that an older reader would misread.
pub const FORMAT_VERSION: u32 = 12;

/// Bytes of the file header: magic, format version, a zero word, file length (u64), directory offset
/// (u64), directory length (u64), number of modules, a zero word, digest.
pub const HEADER_LENGTH: usize = 64;
/// Where the header's digest lies; it covers the header before it, then the directory.
pub const HEADER_DIGEST: usize = 48;

/// Bytes of a digest.
pub const DIGEST_LENGTH: usize = 16;

/// Bytes of the directory before its table of pages: the target.
pub const TARGET_LENGTH: usize = 40;
/// Bytes of an entry in the table of pages.
pub const PAGE_LENGTH: usize = 40;
/// Records in each page but the last.
pub const PAGE_RECORDS: usize = 32;
/// Bytes of a record.
pub const RECORD_LENGTH: usize = 120;
/// Bytes of a module block's header.
pub const BLOCK_HEADER_LENGTH: usize = 64;
/// Pages and blocks begin at multiples of this.
pub const BLOCK_ALIGNMENT: usize = 16;

/// Record flag: the module is a package.
pub const RECORD_PACKAGE: u32 = 1;
/// Record and block flag: the module has an image.
pub const RECORD_IMAGE: u32 = 2;
/// Block flag: some of the module's statements run as code, and the header says which code.
pub const BLOCK_STEPS: u32 = 4;

/// An absent node id.
pub const ABSENT: u32 = u32::MAX;

/// Texts in the directory are no longer than this (bytes).
pub const LONGEST_DIRECTORY_TEXT: usize = 1 << 16;

/// Node tags: the low byte of a node's first word; the bits above it are flags.
pub mod tag {
    pub const NONE: u32 = 0;
    pub const TRUE: u32 = 1;
    pub const FALSE: u32 = 2;
    pub const ELLIPSIS: u32 = 3;
    pub const NOT_IMPLEMENTED: u32 = 4;
    pub const INT: u32 = 5;
    pub const FLOAT: u32 = 6;
    pub const COMPLEX: u32 = 7;
    pub const STR: u32 = 8;
    pub const BYTES: u32 = 9;
    pub const BYTE_ARRAY: u32 = 10;
    pub const TUPLE: u32 = 11;
    pub const LIST: u32 = 12;
    pub const DICT: u32 = 13;
    pub const SET: u32 = 14;
    pub const FROZEN_SET: u32 = 15;
    pub const SET_COPY: u32 = 16;
    pub const FROZEN_SET_COPY: u32 = 17;
    pub const RANGE: u32 = 18;
    pub const SLICE: u32 = 19;
    pub const MAPPING_PROXY: u32 = 20;
    pub const CODE: u32 = 21;
    pub const CODE_BLOB: u32 = 22;
    pub const FUNCTION: u32 = 23;
    pub const CELL: u32 = 24;
    pub const CLASS: u32 = 25;
    pub const PROPERTY: u32 = 26;
    pub const STATIC_METHOD: u32 = 27;
    pub const CLASS_METHOD: u32 = 28;
    pub const BOUND_METHOD: u32 = 29;
    pub const INSTANCE: u32 = 30;
    pub const CONSTRUCT: u32 = 31;
    pub const NAME: u32 = 32;
    pub const ATTRIBUTE: u32 = 33;
    pub const THIS_MODULE: u32 = 34;
    pub const EXTERNAL: u32 = 35;
    pub const BUILTIN: u32 = 36;
    pub const CODE_OF: u32 = 37;
    pub const DEFERRED: u32 = 38;
}

/// Flag bit of a node's first word: an interned string, a documented-by-getter property, an abstract
/// class, a fresh construction. Of an operation's: a value that may wait.
pub const NODE_FLAG: u32 = 1 << 8;
/// Flag bit of a node's first word: an instance or construction has a `__dict__` list.
pub const NODE_HAS_DICT: u32 = 1 << 9;

/// Operation tags.
pub mod operation {
    pub const IMPORT: u32 = 1;
    pub const STORE: u32 = 2;
    pub const DELETE: u32 = 3;
    pub const CHECK_GUARDS: u32 = 4;
    pub const SEGMENT: u32 = 5;
    pub const REPLAY: u32 = 6;
}

/// Tags of replayed changes.
pub mod change {
    pub const CALL: u32 = 1;
    pub const SET_ITEM: u32 = 2;
    pub const APPEND: u32 = 3;
    pub const ADD: u32 = 4;
    pub const SET_ATTRIBUTE: u32 = 5;
}

/// Import binding tags.
pub mod binding {
    pub const TOP: u32 = 1;
    pub const LEAF: u32 = 2;
    pub const NAMES: u32 = 3;
    pub const STAR: u32 = 4;
    pub const NOTHING: u32 = 5;
    pub const FAILS: u32 = 6;
}

/// Guard expectation tags.
pub mod expectation {
    pub const ABSENT: u32 = 1;
    pub const FINGERPRINT: u32 = 2;
    pub const CLASS: u32 = 3;
    pub const SAME: u32 = 4;
    pub const ABSENT_OR: u32 = 5;
    pub const SAME_AS: u32 = 6;
}

/// The digest that the format uses, XXH3-128: it tells what is damaged, not what is forged.
pub fn digest(parts: &[&[u8]]) -> [u8; DIGEST_LENGTH] {
    let whole = match parts {
        [part] => XxHash3_128::oneshot(part),
        _ => {
            let mut hasher = XxHash3_128::new();
            for part in parts {
                hasher.write(part);
            }
            hasher.finish_128()
        }
    };
    whole.to_be_bytes()
}
