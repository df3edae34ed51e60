//! The reader: opening a bundle, finding a module, checking its bytes.
//!
//! The header and the directory are read when a bundle is opened, a page of records when one of its modules is looked
//! for, a module's block when it is asked for. They are read into memory of the process: a mapped file that somebody cuts
//! short in place ends the process with SIGBUS, a read only comes back short. Only a file of which it is promised that
//! nobody changes it ([`Reader::map`]) is mapped: its pages are shared by all processes, and those that nobody looks at
//! again cost nothing.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use memmap2::Mmap;

use crate::cursor::Cursor;
use crate::layout;
use crate::model::{Source, Step, Target};
use crate::view::ImageView;

/// Why bytes are not a bundle, or a module of one can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("not a bundle")]
    NotABundle,
    #[error("it has format version {0}, and this Lyo reads {known} only: build it again", known = layout::FORMAT_VERSION)]
    Version(u32),
    #[error("the file is {actual} bytes long and should be {expected}: build it again")]
    Length { expected: u64, actual: u64 },
    #[error("{0} is damaged (its digest differs): build it again")]
    Digest(&'static str),
    #[error("malformed: {0}")]
    Malformed(&'static str),
}

enum Storage {
    File(File),
    Mapped(Arc<Mmap>),
    Bytes(Vec<u8>),
}

/// A part of a bundle.
enum Part {
    Read(Vec<u8>),
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Part::Read(bytes) => bytes,
            Part::Mapped(map, range) => map.get(range.clone()).unwrap_or_default(),
        }
    }
}

impl Storage {
    fn length(&self) -> io::Result<u64> {
        match self {
            Storage::File(file) => Ok(file.metadata()?.len()),
            Storage::Mapped(map) => Ok(map.len() as u64),
            Storage::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// The caller has compared the range with the length of the file, so the allocation is bounded by it.
    fn read(&self, offset: u64, length: usize) -> io::Result<Part> {
        match self {
            Storage::File(file) => read_exact_at(file, length, offset).map(Part::Read),
            Storage::Mapped(map) => Ok(Part::Mapped(Arc::clone(map), range_in(map, offset, length)?)),
            Storage::Bytes(bytes) => Ok(Part::Read(bytes[range_in(bytes, offset, length)?].to_vec())),
        }
    }
}

fn range_in(bytes: &[u8], offset: u64, length: usize) -> io::Result<Range<usize>> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|range| range.end <= bytes.len())
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Into memory that nobody has cleared before: blocks are large, and only parts of them are looked at.
#[cfg(unix)]
fn read_exact_at(file: &File, length: usize, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let place = offset + bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), place) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(windows)]
fn read_exact_at(file: &File, length: usize, offset: u64) -> io::Result<Vec<u8>> {
    use std::os::windows::fs::FileExt;
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.seek_read(&mut bytes[filled..], offset + filled as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(bytes)
}

/// An open bundle.
pub struct Reader {
    storage: Storage,
    target: Target,
    /// The target, the table of pages, and their texts.
    directory: Part,
    pages: Vec<Page>,
    modules: usize,
    file_length: u64,
}

/// Records of some modules, read when the first of them is looked for.
struct Page {
    /// Where it lies in the directory.
    first_name: Range<usize>,
    offset: u64,
    length: usize,
    digest: [u8; layout::DIGEST_LENGTH],
    bytes: OnceLock<Part>,
}

impl Reader {
    /// Opens a bundle and checks its header and the digest of its directory.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::from_storage(Storage::File(File::open(path)?))
    }

    /// The same for a file that nobody changes while it is open: it is mapped.
    ///
    /// # Safety
    ///
    /// Whoever writes to the file, or cuts it short, changes memory of this process, or takes it away. Replacing the
    /// file by another (`rename`) does no harm.
    pub unsafe fn map(path: &Path) -> Result<Self, ReadError> {
        // SAFETY: the caller's promise.
        let map = unsafe { Mmap::map(&File::open(path)?)? };
        Self::from_storage(Storage::Mapped(Arc::new(map)))
    }

    /// Opens an already open file.
    pub fn from_file(file: File) -> Result<Self, ReadError> {
        Self::from_storage(Storage::File(file))
    }

    /// A bundle that lies in memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ReadError> {
        Self::from_storage(Storage::Bytes(bytes))
    }

    fn from_storage(storage: Storage) -> Result<Self, ReadError> {
        let actual = storage.length()?;
        if actual < layout::HEADER_LENGTH as u64 {
            return Err(ReadError::NotABundle);
        }
        let header = storage.read(0, layout::HEADER_LENGTH)?;
        let mut cursor = Cursor::new(&header);
        if cursor.take(layout::MAGIC.len())? != layout::MAGIC {
            return Err(ReadError::NotABundle);
        }
        let version = cursor.word()?;
        if version != layout::FORMAT_VERSION {
            return Err(ReadError::Version(version));
        }
        cursor.word()?;
        let expected = cursor.long()?;
        if expected != actual {
            return Err(ReadError::Length { expected, actual });
        }
        let offset = cursor.long()?;
        let length = cursor.long()?;
        let modules = cursor.word()? as usize;
        if !lies_within(actual, offset, length) {
            return Err(ReadError::Malformed("the directory lies outside the file"));
        }
        let length = usize::try_from(length).map_err(|_| ReadError::Malformed("the directory is too large"))?;
        let directory = storage.read(offset, length)?;
        let digest = layout::digest(&[&header[..layout::HEADER_DIGEST], &directory]);
        if header[layout::HEADER_DIGEST..] != digest {
            return Err(ReadError::Digest("the directory"));
        }
        let target = read_target(&directory)?;
        let pages = read_pages(&directory, modules.div_ceil(layout::PAGE_RECORDS), actual)?;
        Ok(Self { storage, target, directory, pages, modules, file_length: actual })
    }

    /// Looks at every record: texts lie within their page, names are in order, blocks lie within the file. A program
    /// need not wait for that: a module whose record is damaged, or in another place, is not found.
    pub fn check_directory(&self) -> Result<(), ReadError> {
        let mut previous: Option<&str> = None;
        for index in 0..self.modules {
            let record = self.record(index)?;
            if previous.is_some_and(|previous| previous >= record.name) {
                return Err(ReadError::Malformed("the directory is not sorted"));
            }
            if index % layout::PAGE_RECORDS == 0
                && self.first_name(&self.pages[index / layout::PAGE_RECORDS]) != record.name.as_bytes()
            {
                return Err(ReadError::Malformed("a page begins with another name"));
            }
            previous = Some(record.name);
        }
        Ok(())
    }

    fn first_name(&self, page: &Page) -> &[u8] {
        self.directory.get(page.first_name.clone()).unwrap_or_default()
    }

    /// The bytes of a page; their digest was right.
    fn page(&self, index: usize) -> Result<&[u8], ReadError> {
        let page = self.pages.get(index).ok_or(ReadError::Malformed("no such record"))?;
        if let Some(bytes) = page.bytes.get() {
            return Ok(bytes);
        }
        let bytes = self.storage.read(page.offset, page.length)?;
        if layout::digest(&[&bytes]) != page.digest {
            return Err(ReadError::Digest("a page of the directory"));
        }
        Ok(page.bytes.get_or_init(|| bytes))
    }

    fn record(&self, index: usize) -> Result<Record<'_>, ReadError> {
        let page = self.page(index / layout::PAGE_RECORDS)?;
        let start = (index % layout::PAGE_RECORDS) * layout::RECORD_LENGTH;
        let bytes = page.get(start..).ok_or(ReadError::Malformed("no such record"))?;
        let mut cursor = Cursor::new(bytes);
        let name = directory_text(page, &mut cursor)?;
        let root = directory_text(page, &mut cursor)?;
        let relative = directory_text(page, &mut cursor)?;
        let path = directory_text(page, &mut cursor)?;
        let size = cursor.long()?;
        let mtime = cursor.long()?;
        let source = SourceView { path, root, relative, size, mtime, digest: cursor.array()? };
        let offset = cursor.long()?;
        let length = cursor.long()?;
        let digest = cursor.array()?;
        let flags = cursor.word()?;
        if !lies_within(self.file_length, offset, length) {
            return Err(ReadError::Malformed("a module lies outside the file"));
        }
        Ok(Record { name, source, offset, length, digest, flags })
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Number of modules.
    pub fn len(&self) -> usize {
        self.modules
    }

    pub fn is_empty(&self) -> bool {
        self.modules == 0
    }

    /// The module of this dotted name.
    pub fn find(&self, name: &str) -> Option<Entry<'_>> {
        let name = name.as_bytes();
        let page = self.pages.partition_point(|page| self.first_name(page) <= name).checked_sub(1)?;
        let bytes = self.page(page).ok()?;
        let (mut low, mut high) = (0, layout::PAGE_RECORDS.min(self.modules - page * layout::PAGE_RECORDS));
        while low < high {
            let middle = low + (high - low) / 2;
            match name_in(bytes, middle)?.cmp(name) {
                std::cmp::Ordering::Equal => return self.entry(page * layout::PAGE_RECORDS + middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The module at this place in the order of names.
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        if index >= self.modules {
            return None;
        }
        let record = self.record(index).ok()?;
        Some(Entry { reader: self, record })
    }

    /// All modules, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.modules).filter_map(|index| self.entry(index))
    }
}

/// The name of a page's record alone, without the rest.
fn name_in(page: &[u8], index: usize) -> Option<&[u8]> {
    let mut cursor = Cursor::new(page.get(index * layout::RECORD_LENGTH..)?);
    page.get(reference(page, &mut cursor).ok()?)
}

/// Where a text of the directory, or of a page, lies in it.
fn reference(around: &[u8], cursor: &mut Cursor<'_>) -> Result<Range<usize>, ReadError> {
    let start = cursor.word()? as usize;
    let length = cursor.word()? as usize;
    let end = start.checked_add(length).filter(|end| *end <= around.len());
    Ok(start..end.ok_or(ReadError::Malformed("a text lies outside the directory"))?)
}

/// Whether so many bytes from there on are part of the file.
fn lies_within(file_length: u64, offset: u64, length: u64) -> bool {
    offset.checked_add(length).is_some_and(|end| end <= file_length)
}

fn read_pages(directory: &[u8], count: usize, file_length: u64) -> Result<Vec<Page>, ReadError> {
    let table = directory.get(layout::TARGET_LENGTH..).unwrap_or_default();
    if count.checked_mul(layout::PAGE_LENGTH).is_none_or(|length| length > table.len()) {
        return Err(ReadError::Malformed("the directory is shorter than its table of pages"));
    }
    let mut cursor = Cursor::new(table);
    let mut pages = Vec::with_capacity(count);
    for _ in 0..count {
        let first_name = reference(directory, &mut cursor)?;
        let offset = cursor.long()?;
        let length = cursor.long()?;
        if !lies_within(file_length, offset, length) {
            return Err(ReadError::Malformed("a page lies outside the file"));
        }
        let length = usize::try_from(length).map_err(|_| ReadError::Malformed("a page is too large"))?;
        pages.push(Page { first_name, offset, length, digest: cursor.array()?, bytes: OnceLock::new() });
    }
    Ok(pages)
}

fn directory_text<'a>(directory: &'a [u8], cursor: &mut Cursor<'_>) -> Result<&'a str, ReadError> {
    let bytes = &directory[reference(directory, cursor)?];
    if bytes.len() > layout::LONGEST_DIRECTORY_TEXT {
        return Err(ReadError::Malformed("a text of the directory is too long"));
    }
    std::str::from_utf8(bytes).map_err(|_| ReadError::Malformed("a text of the directory is not UTF-8"))
}

fn read_target(directory: &[u8]) -> Result<Target, ReadError> {
    let mut cursor = Cursor::new(directory);
    let cache_tag = directory_text(directory, &mut cursor)?.to_owned();
    let version = directory_text(directory, &mut cursor)?.to_owned();
    let platform = directory_text(directory, &mut cursor)?.to_owned();
    let magic = cursor.word()?.to_le_bytes();
    let optimize =
        u8::try_from(cursor.word()?).map_err(|_| ReadError::Malformed("the optimisation level is out of range"))?;
    Ok(Target { cache_tag, magic, version, platform, optimize })
}

struct Record<'a> {
    name: &'a str,
    source: SourceView<'a>,
    offset: u64,
    length: u64,
    digest: [u8; layout::DIGEST_LENGTH],
    flags: u32,
}

/// [`Source`], borrowed from a page of the directory.
#[derive(Clone, Copy, Debug)]
pub struct SourceView<'a> {
    pub path: &'a str,
    pub root: &'a str,
    pub relative: &'a str,
    pub size: u64,
    pub mtime: u64,
    pub digest: [u8; 32],
}

impl SourceView<'_> {
    /// Whether these bytes are the source.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.size && *blake3::hash(bytes).as_bytes() == self.digest
    }

    pub fn to_source(&self) -> Source {
        Source {
            path: self.path.to_owned(),
            root: self.root.to_owned(),
            relative: self.relative.to_owned(),
            size: self.size,
            mtime: self.mtime,
            digest: self.digest,
        }
    }
}

/// A module's record in the directory.
pub struct Entry<'a> {
    reader: &'a Reader,
    record: Record<'a>,
}

impl<'a> Entry<'a> {
    pub fn name(&self) -> &'a str {
        self.record.name
    }

    pub fn is_package(&self) -> bool {
        self.record.flags & layout::RECORD_PACKAGE != 0
    }

    /// Whether the module can be rehydrated; otherwise it travels as plain code.
    pub fn has_image(&self) -> bool {
        self.record.flags & layout::RECORD_IMAGE != 0
    }

    pub fn source(&self) -> SourceView<'a> {
        self.record.source
    }

    /// Bytes of the module's block.
    pub fn length(&self) -> u64 {
        self.record.length
    }

    /// Reads the module's block and compares its digest.
    pub fn load(&self) -> Result<Block, ReadError> {
        let length = usize::try_from(self.record.length).map_err(|_| ReadError::Malformed("a module is too large"))?;
        let bytes = self.reader.storage.read(self.record.offset, length)?;
        if layout::digest(&[&bytes]) != self.record.digest {
            return Err(ReadError::Digest("the module"));
        }
        Block::new(bytes)
    }
}

/// A module's block, in memory; its digest was right.
pub struct Block {
    bytes: Part,
    sections: [(usize, usize); 6],
    has_image: bool,
    step: Option<Step>,
}

impl Block {
    fn new(bytes: Part) -> Result<Self, ReadError> {
        let header = bytes.get(..layout::BLOCK_HEADER_LENGTH).ok_or(ReadError::Malformed("a module has no header"))?;
        let mut cursor = Cursor::new(header);
        let mut sections = [(0, 0); 6];
        for section in &mut sections {
            let start = cursor.word()? as usize;
            let length = cursor.word()? as usize;
            let end = start.checked_add(length).filter(|end| *end <= bytes.len());
            let end = end.ok_or(ReadError::Malformed("a section lies outside its module"))?;
            *section = (start, end);
        }
        let flags = cursor.word()?;
        let has_image = flags & layout::RECORD_IMAGE != 0;
        let step = match flags & layout::BLOCK_STEPS {
            0 => None,
            _ => Some(Step { code: cursor.word()?, constant: cursor.word()? }),
        };
        Ok(Self { bytes, sections, has_image, step })
    }

    fn section(&self, index: usize) -> &[u8] {
        let (start, end) = self.sections[index];
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The marshalled code object of the module.
    pub fn code(&self) -> &[u8] {
        self.section(0)
    }

    /// Why there is no image.
    pub fn reason(&self) -> &str {
        std::str::from_utf8(self.section(1)).unwrap_or_default()
    }

    /// The image, unchecked as yet: see [`ImageView::verify`].
    pub fn image(&self) -> Option<ImageView<'_>> {
        self.has_image
            .then(|| ImageView::new(self.section(2), self.section(3), self.section(4), self.section(5), self.step))
    }
}
