//! From bytes to text, as CPython's tokenizer decodes source files (PEP 263).
//!
//! A byte order mark means UTF-8. A cookie (`# -*- coding: name -*-`) in the first line,
//! or in the second if the first is blank or a comment, names an encoding; with a byte
//! order mark it must be `utf-8`. Otherwise the file is UTF-8. Line ends stay as they are.
//!
//! Sources: PEP 263; `check_bom`, `get_coding_spec`, `check_coding_spec` and
//! `get_normal_name` in `Parser/tokenizer.c`. One difference: CPython lets bytes that
//! are not UTF-8 pass within comments; here they are an error.

mod single_byte;

use single_byte::SINGLE_BYTE;
use thiserror::Error;

/// Why a file can't be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct DecodeError {
    pub kind: DecodeErrorKind,
    /// Position in the file, in bytes from its start.
    pub offset: usize,
    /// Line of that position, from 1.
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeErrorKind {
    #[error("source code cannot contain null bytes")]
    NullByte,
    #[error("byte 0x{byte:02x} is not valid {encoding}")]
    Invalid { encoding: String, byte: u8 },
    #[error("unknown encoding: {0}")]
    UnknownEncoding(String),
    #[error("encoding problem: {0} with BOM")]
    DisagreesWithMark(String),
    #[error("file is larger than 4 GiB")]
    TooLarge,
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Decodes a source file. The text begins after the byte order mark, if there is one.
pub fn decode(bytes: &[u8]) -> Result<String, DecodeError> {
    check_bytes(bytes)?;
    let fail = |kind, offset| Err(failure(bytes, kind, offset));
    let marked = bytes.starts_with(MARK);
    let skipped = if marked { MARK.len() } else { 0 };
    let body = &bytes[skipped..];

    let encoding = match cookie(body) {
        None => Encoding::Utf8,
        Some(cookie) => {
            let name = normal_name(cookie.name);
            if marked && name != "utf-8" {
                return fail(DecodeErrorKind::DisagreesWithMark(name), skipped + cookie.offset);
            }
            match Encoding::find(&name) {
                Some(encoding) => encoding,
                None => {
                    let kind = DecodeErrorKind::UnknownEncoding(cookie.name.to_owned());
                    return fail(kind, skipped + cookie.offset);
                }
            }
        }
    };
    match encoding.decode(body) {
        Ok(text) if u32::try_from(text.len()).is_err() => fail(DecodeErrorKind::TooLarge, 0),
        Ok(text) => Ok(text),
        Err(offset) => {
            let byte = body.get(offset).copied().unwrap_or_default();
            let kind = DecodeErrorKind::Invalid { encoding: encoding.name().to_owned(), byte };
            fail(kind, (skipped + offset).min(bytes.len()))
        }
    }
}

/// Whether a text that somebody else has decoded is one that [`decode`] might give: what its cookie names
/// must be an encoding, but the text need not be in it.
pub fn check_decoded(text: &str) -> Result<(), DecodeError> {
    let bytes = text.as_bytes();
    check_bytes(bytes)?;
    match cookie(bytes) {
        Some(cookie) if Encoding::find(&normal_name(cookie.name)).is_none() => {
            Err(failure(bytes, DecodeErrorKind::UnknownEncoding(cookie.name.to_owned()), cookie.offset))
        }
        _ => Ok(()),
    }
}

/// What no source may be, in whatever encoding.
fn check_bytes(bytes: &[u8]) -> Result<(), DecodeError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(failure(bytes, DecodeErrorKind::TooLarge, 0));
    }
    match memchr::memchr(0, bytes) {
        Some(offset) => Err(failure(bytes, DecodeErrorKind::NullByte, offset)),
        None => Ok(()),
    }
}

fn failure(bytes: &[u8], kind: DecodeErrorKind, offset: usize) -> DecodeError {
    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..offset]).count();
    DecodeError { kind, offset, line: u32::try_from(line).unwrap_or(u32::MAX) }
}

struct Cookie<'a> {
    name: &'a str,
    offset: usize,
}

/// Looks for a cookie in the first two lines (`check_coding_spec`).
fn cookie(bytes: &[u8]) -> Option<Cookie<'_>> {
    let mut start = 0;
    for _ in 0..2 {
        let rest = &bytes[start..];
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..length];
        let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
        match line.get(blank) {
            Some(b'#') => {
                if let Some(found) = cookie_in_comment(&line[blank..]) {
                    return Some(Cookie { offset: start + blank + found.offset, ..found });
                }
            }
            Some(_) => return None,
            None => {}
        }
        let crlf = rest[length..].starts_with(b"\r\n");
        start += (length + if crlf { 2 } else { 1 }).min(rest.len());
    }
    None
}

/// `coding[:=]\s*([-\w.]+)`, the first that has a name (`get_coding_spec`).
fn cookie_in_comment(comment: &[u8]) -> Option<Cookie<'_>> {
    for position in memchr::memmem::find_iter(comment, b"coding") {
        let mut start = position + b"coding".len();
        if !matches!(comment.get(start), Some(b':' | b'=')) {
            continue;
        }
        start += 1;
        while matches!(comment.get(start), Some(b' ' | b'\t')) {
            start += 1;
        }
        let length = comment[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            .count();
        if length > 0 {
            let name = std::str::from_utf8(&comment[start..start + length]).ok()?;
            return Some(Cookie { name, offset: start });
        }
    }
    None
}

/// The tokenizer's own short names for the commonest encodings (`get_normal_name`).
fn normal_name(name: &str) -> String {
    let short: String = name.chars().take(12).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let is = |base: &str| short == base || short.strip_prefix(base).is_some_and(|rest| rest.starts_with('-'));
    if is("utf-8") {
        "utf-8".to_owned()
    } else if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
        "iso-8859-1".to_owned()
    } else {
        name.to_owned()
    }
}

enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    SingleByte(&'static single_byte::SingleByte),
    /// Of the East Asian encodings those that the Encoding Standard decodes as Python does.
    MultiByte(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// By name or alias, spelt in any way that `encodings.search_function` accepts.
    fn find(name: &str) -> Option<Encoding> {
        let mut key = String::with_capacity(name.len());
        for c in name.chars() {
            if c.is_ascii_alphanumeric() || c == '.' {
                key.push(c.to_ascii_lowercase());
            } else if !key.ends_with('_') {
                key.push('_');
            }
        }
        let key = key.trim_matches('_');
        match key {
            "utf_8" | "utf8" | "u8" | "utf" | "utf8_ucs2" | "utf8_ucs4" | "cp65001" => Some(Encoding::Utf8),
            "ascii" | "646" | "ansi_x3.4_1968" | "ansi_x3_4_1968" | "ansi_x3.4_1986" | "cp367" | "csascii"
            | "ibm367" | "iso646_us" | "iso_646.irv_1991" | "iso_ir_6" | "us" | "us_ascii" => Some(Encoding::Ascii),
            "latin_1" | "latin1" | "8859" | "cp819" | "csisolatin1" | "ibm819" | "iso8859" | "iso8859_1"
            | "iso_8859_1" | "iso_8859_1_1987" | "iso_ir_100" | "l1" | "latin" => Some(Encoding::Latin1),
            "cp949" | "949" | "ms949" | "uhc" => Some(Encoding::MultiByte(encoding_rs::EUC_KR)),
            "gbk" | "936" | "cp936" | "ms936" => Some(Encoding::MultiByte(encoding_rs::GBK)),
            "cp932" | "932" | "ms932" | "mskanji" | "ms_kanji" | "windows_31j" => {
                Some(Encoding::MultiByte(encoding_rs::SHIFT_JIS))
            }
            _ => SINGLE_BYTE.iter().find(|encoding| encoding.names.contains(&key)).map(Encoding::SingleByte),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "iso-8859-1",
            Encoding::SingleByte(encoding) => encoding.names.first().copied().unwrap_or("charmap"),
            Encoding::MultiByte(encoding) => encoding.name(),
        }
    }

    /// The text, or the position of the first byte that has no meaning.
    fn decode(&self, bytes: &[u8]) -> Result<String, usize> {
        match self {
            Encoding::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(error.valid_up_to()),
            },
            Encoding::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                Some(position) => Err(position),
                None => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            },
            Encoding::Latin1 => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            Encoding::SingleByte(encoding) => {
                let upper: Vec<char> = encoding.upper.chars().collect();
                let mut text = String::with_capacity(bytes.len());
                for (position, &byte) in bytes.iter().enumerate() {
                    match byte.checked_sub(0x80) {
                        None => text.push(char::from(byte)),
                        Some(index) => match upper.get(usize::from(index)) {
                            Some(&c) if c != char::REPLACEMENT_CHARACTER => text.push(c),
                            _ => return Err(position),
                        },
                    }
                }
                Ok(text)
            }
            Encoding::MultiByte(encoding) => {
                match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
                    Some(text) => Ok(text.into_owned()),
                    None => Err(bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> (DecodeErrorKind, usize, u32) {
        match decode(bytes) {
            Ok(text) => panic!("decoded: {text:?}"),
            Err(error) => (error.kind, error.offset, error.line),
        }
    }

    #[test]
    fn default_is_utf8_and_the_mark_is_dropped() {
        assert_eq!(decode("é\r\n\r".as_bytes()).as_deref(), Ok("é\r\n\r"));
        assert_eq!(decode(b"\xef\xbb\xbfx = 1").as_deref(), Ok("x = 1"));
    }

    #[test]
    fn cookies_name_an_encoding() {
        assert_eq!(
            decode(b"# -*- coding: latin-1 -*-\n'\xe9\x93'").as_deref(),
            Ok("# -*- coding: latin-1 -*-\n'é\u{93}'")
        );
        assert_eq!(
            decode(b"#!x\n# vim: set fileencoding=cp1252 :\n'\x93'").as_deref(),
            Ok("#!x\n# vim: set fileencoding=cp1252 :\n'“'")
        );
        assert_eq!(decode(b"# coding: iso8859-15\n\xa4").as_deref(), Ok("# coding: iso8859-15\n€"));
        assert_eq!(decode(b"\n# coding=koi8_r\n\xc1").as_deref(), Ok("\n# coding=koi8_r\nа"));
        assert_eq!(decode(b"# coding: cp932\n\x82\xa0").as_deref(), Ok("# coding: cp932\nあ"));
        assert_eq!(decode(b"# coding: UTF-8-unix\n\xc3\xa9").as_deref(), Ok("# coding: UTF-8-unix\né"));
    }

    #[test]
    fn cookies_count_only_in_leading_comments() {
        assert_eq!(decode(b"x = 1\n# coding: latin-1\n").as_deref(), Ok("x = 1\n# coding: latin-1\n"));
        assert_eq!(decode(b"\n\n# coding: nonsense\n").as_deref(), Ok("\n\n# coding: nonsense\n"));
        assert_eq!(error(b"x\n# coding: latin-1\n\xe9").1, 20);
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(error(b"x = 1\n\0"), (DecodeErrorKind::NullByte, 6, 2));
        assert_eq!(error(b"\n'\xff'"), (DecodeErrorKind::Invalid { encoding: "utf-8".into(), byte: 0xff }, 2, 2));
        assert_eq!(error(b"# coding: nonsense\n"), (DecodeErrorKind::UnknownEncoding("nonsense".into()), 10, 1));
        assert_eq!(
            error(b"\xef\xbb\xbf# coding: latin-1\n"),
            (DecodeErrorKind::DisagreesWithMark("iso-8859-1".into()), 13, 1)
        );
        assert_eq!(error(b"# coding: cp1252\n\x81").1, 17);
        assert_eq!(error(b"# coding: ascii\n\xc3\xa9").1, 16);
    }
}
