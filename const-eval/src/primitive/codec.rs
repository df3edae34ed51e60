//! `str.encode` and `bytes.decode` for the codecs that CPython has built in.
//!
//! Any other codec is found by importing a module of the `encodings` package: an
//! effect, and so not modelled.

use super::{Outcome, bounded_text, not_modelled, raise, repr};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Utf8,
    Ascii,
    Latin1,
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Codec::Utf8 => "utf-8",
            Codec::Ascii => "ascii",
            Codec::Latin1 => "latin-1",
        }
    }
}

/// The spellings that `PyUnicode_Decode` takes itself.
fn codec(name: &str) -> Outcome<Codec> {
    let mut normal = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            normal.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() {
            return not_modelled("a codec that is imported");
        } else if !normal.is_empty() && !normal.ends_with('_') {
            normal.push('_');
        }
    }
    match normal.trim_end_matches('_') {
        "utf8" | "utf_8" => Ok(Codec::Utf8),
        "ascii" | "us_ascii" => Ok(Codec::Ascii),
        "latin1" | "latin_1" | "iso_8859_1" | "iso8859_1" => Ok(Codec::Latin1),
        _ => not_modelled("a codec that is imported"),
    }
}

/// Anybody may have registered one.
fn registered_handler<T>() -> Outcome<T> {
    not_modelled("an error handler that is looked up in a registry")
}

/// `text.encode(encoding, errors)`
pub(crate) fn encode(text: &str, encoding: &str, errors: &str) -> Outcome<Vec<u8>> {
    let codec = codec(encoding)?;
    let limit = match codec {
        Codec::Utf8 => return Ok(text.as_bytes().to_vec()),
        Codec::Ascii => 0x80,
        Codec::Latin1 => 0x100,
    };
    let mut out = Vec::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let code = u32::from(chars[at]);
        if code < limit {
            out.push(code as u8);
            at += 1;
            continue;
        }
        let run = chars[at..].iter().take_while(|&&c| u32::from(c) >= limit).count();
        match errors {
            "strict" | "surrogateescape" | "surrogatepass" => {
                let what = if run == 1 {
                    let mut shown = String::new();
                    repr::write_escape(chars[at], &mut shown);
                    format!("character '{shown}' in position {at}")
                } else {
                    format!("characters in position {at}-{}", at + run - 1)
                };
                return raise(
                    "UnicodeEncodeError",
                    format!("'{}' codec can't encode {what}: ordinal not in range({limit})", codec.name()),
                );
            }
            "ignore" => {}
            "replace" => out.extend(std::iter::repeat_n(b'?', run)),
            "backslashreplace" => {
                let mut shown = String::new();
                chars[at..at + run].iter().for_each(|&c| repr::write_escape(c, &mut shown));
                out.extend(shown.into_bytes());
            }
            "xmlcharrefreplace" => {
                for &c in &chars[at..at + run] {
                    out.extend(format!("&#{};", u32::from(c)).into_bytes());
                }
            }
            "namereplace" => return not_modelled("names of characters"),
            _ => return registered_handler(),
        }
        bounded_text(Some(out.len()))?;
        at += run;
    }
    Ok(out)
}

/// `data.decode(encoding, errors)`
pub(crate) fn decode(data: &[u8], encoding: &str, errors: &str) -> Outcome<String> {
    let codec = codec(encoding)?;
    let mut out = String::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        let rest = &data[at..];
        let (valid, bad, reason) = match codec {
            Codec::Latin1 => {
                out.extend(rest.iter().map(|&byte| char::from(byte)));
                break;
            }
            Codec::Ascii => match rest.iter().position(|byte| !byte.is_ascii()) {
                Some(valid) => (valid, 1, "ordinal not in range(128)"),
                None => (rest.len(), 0, ""),
            },
            Codec::Utf8 => match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0, ""),
                Err(error) => {
                    let valid = error.valid_up_to();
                    match error.error_len() {
                        None => (valid, rest.len() - valid, "unexpected end of data"),
                        Some(bad) if matches!(rest[valid], 0x80..=0xc1 | 0xf5..) => (valid, bad, "invalid start byte"),
                        Some(bad) => (valid, bad, "invalid continuation byte"),
                    }
                }
            },
        };
        out.push_str(&String::from_utf8_lossy(&rest[..valid]));
        at += valid;
        if bad == 0 {
            break;
        }
        match errors {
            "strict" => {
                let what = if bad == 1 {
                    format!("byte 0x{:02x} in position {at}", data[at])
                } else {
                    format!("bytes in position {at}-{}", at + bad - 1)
                };
                return raise("UnicodeDecodeError", format!("'{}' codec can't decode {what}: {reason}", codec.name()));
            }
            "ignore" => {}
            "replace" => out.push('\u{fffd}'),
            "backslashreplace" => {
                for byte in &data[at..at + bad] {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            "surrogateescape" | "surrogatepass" => {
                return not_modelled("a text with a lone surrogate");
            }
            "xmlcharrefreplace" | "namereplace" => {
                return raise("TypeError", "don't know how to handle UnicodeDecodeError in error callback");
            }
            _ => return registered_handler(),
        }
        at += bad;
        bounded_text(Some(out.len()))?;
    }
    Ok(out)
}
