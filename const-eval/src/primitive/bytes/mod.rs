//! `bytes` (`Objects/bytesobject.c`, `Objects/bytes_methods.c`).

mod algorithms;

pub(crate) use algorithms::find;
use algorithms::{
    change_case, count, expand_tabs, find_last, from_hex, lines, predicate, replace, split, split_spaces, strip,
};

use super::arguments::{Arguments, bad_argument, c_int, slice_index, ssize};
use super::construct::optional_text;
use super::{
    Failure, Outcome, Product, bounded_text, codec, compare, iterate, not_modelled, text, type_error, type_name,
    value_error,
};
use crate::value::Value;

pub(crate) const METHODS: &[&str] = &[
    "capitalize",
    "center",
    "count",
    "decode",
    "endswith",
    "expandtabs",
    "find",
    "fromhex",
    "hex",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
    "__bytes__",
];

/// An int as a byte, with the words of `_Py_bytes_contains`.
pub(crate) fn byte(x: &Value) -> Outcome<u8> {
    match super::arguments::index(x)?.to_i64().and_then(|n| u8::try_from(n).ok()) {
        Some(byte) => Ok(byte),
        None => value_error("byte must be in range(0, 256)"),
    }
}

/// `a bytes-like object is required, not 'str'`
fn bytes_like(x: &Value) -> Outcome<&[u8]> {
    match x {
        Value::Bytes(data) => Ok(data),
        other => type_error(format!("a bytes-like object is required, not '{}'", type_name(other)?)),
    }
}

fn value(data: impl Into<std::sync::Arc<[u8]>>) -> Value {
    Value::Bytes(data.into())
}

/// Calls a method of `bytes`.
pub(crate) fn call(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let product = |data: Vec<u8>| Ok(Product::Value(value(data)));
    match name {
        "__bytes__" => {
            arguments.none()?;
            product(data.to_vec())
        }
        "capitalize" | "lower" | "swapcase" | "title" | "upper" => {
            arguments.none()?;
            product(change_case(data, name))
        }
        "center" | "ljust" | "rjust" => justify(data, arguments),
        "count" | "find" | "index" | "rfind" | "rindex" => search(data, arguments),
        "startswith" | "endswith" => affix(data, arguments),
        "decode" => {
            let [encoding, errors] = arguments.named(["encoding", "errors"], 0, 2, 0)?;
            let encoding = optional_text(arguments.ctx, encoding, name, "encoding")?.unwrap_or("utf-8");
            let errors = optional_text(arguments.ctx, errors, name, "errors")?.unwrap_or("strict");
            Ok(Value::str(codec::decode(data, encoding, errors)?).into())
        }
        "expandtabs" => {
            let size = arguments.named(["tabsize"], 0, 1, 0)?[0].map_or(Ok(8), c_int)?;
            product(expand_tabs(data, i64::from(size))?)
        }
        "fromhex" => match arguments.one()? {
            Value::Str(text) => product(from_hex(text)?),
            other => bad_argument("fromhex", "", "str", other),
        },
        "hex" => hex(data, arguments),
        "isalnum" | "isalpha" | "isascii" | "isdigit" | "islower" | "isspace" | "istitle" | "isupper" => {
            arguments.none()?;
            Ok(Value::Bool(predicate(data, name)).into())
        }
        "join" => join(data, arguments),
        "strip" | "lstrip" | "rstrip" => {
            let set = match arguments.positional(0, 1)?.first() {
                None | Some(Value::None) => None,
                Some(set) => Some(bytes_like(set)?),
            };
            product(strip(data, name, set).to_vec())
        }
        "maketrans" => match arguments.positional(2, 2)? {
            [from, to] => {
                let (from, to) = (bytes_like(from)?, bytes_like(to)?);
                if from.len() != to.len() {
                    return value_error("maketrans arguments must have same length");
                }
                let mut table: Vec<u8> = (0..=255).collect();
                for (from, to) in from.iter().zip(to) {
                    table[usize::from(*from)] = *to;
                }
                product(table)
            }
            _ => not_modelled("maketrans()"),
        },
        "partition" | "rpartition" => {
            let separator = bytes_like(arguments.one()?)?;
            if separator.is_empty() {
                return value_error("empty separator");
            }
            let at = if name == "partition" { find(data, separator) } else { find_last(data, separator) };
            let parts = match at {
                Some(at) => [&data[..at], separator, &data[at + separator.len()..]],
                None if name == "partition" => [data, b"", b""],
                None => [b"".as_slice(), b"", data],
            };
            Ok(Value::tuple(parts.map(value).to_vec()).into())
        }
        "removeprefix" => {
            let affix = bytes_argument(arguments)?;
            product(data.strip_prefix(affix).unwrap_or(data).to_vec())
        }
        "removesuffix" => {
            let affix = bytes_argument(arguments)?;
            product(data.strip_suffix(affix).unwrap_or(data).to_vec())
        }
        "replace" => {
            let [old, new, count] = text::replace_arguments(arguments)?;
            let (Some(old), Some(new)) = (old, new) else {
                return not_modelled("replace()");
            };
            let (old, new) = (bytes_like(old)?, bytes_like(new)?);
            product(replace(data, old, new, count.map_or(Ok(-1), ssize)?)?)
        }
        "split" | "rsplit" => {
            let [separator, most] = arguments.named(["sep", "maxsplit"], 0, 2, 0)?;
            let most = text::limit(most)?;
            let parts = match separator {
                None | Some(Value::None) => split_spaces(data, most, name == "rsplit"),
                Some(separator) => {
                    let separator = bytes_like(separator)?;
                    if separator.is_empty() {
                        return value_error("empty separator");
                    }
                    split(data, separator, most, name == "rsplit")
                }
            };
            Ok(Product::List(parts.into_iter().map(value).collect()))
        }
        "splitlines" => {
            let keep = text::keep_ends(arguments)?;
            Ok(Product::List(lines(data, keep).into_iter().map(value).collect()))
        }
        "translate" => translate(data, arguments),
        "zfill" => {
            let width = ssize(arguments.one()?)?;
            let missing = usize::try_from(width).unwrap_or(0).saturating_sub(data.len());
            bounded_text(missing.checked_add(data.len()))?;
            let signed = missing > 0 && matches!(data.first(), Some(b'+' | b'-'));
            let (sign, digits) = data.split_at(usize::from(signed));
            product([sign, &vec![b'0'; missing], digits].concat())
        }
        _ => not_modelled("a method of bytes"),
    }
}

fn bytes_argument<'a>(arguments: &Arguments<'a>) -> Outcome<&'a [u8]> {
    bytes_like(arguments.one()?)
}

fn justify(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let args = arguments.positional(1, 2)?;
    let width = usize::try_from(args.first().map_or(Ok(0), ssize)?).unwrap_or(0);
    let fill = match args.get(1) {
        None => b' ',
        Some(Value::Bytes(fill)) if fill.len() == 1 => fill[0],
        Some(Value::Bytes(_)) if arguments.ctx.version >= (3, 13) => {
            return not_modelled("words of an error");
        }
        Some(other) => {
            return bad_argument(arguments.name, "2 ", "a byte string of length 1", other);
        }
    };
    let missing = width.saturating_sub(data.len());
    bounded_text(missing.checked_add(data.len()))?;
    let (before, after) = match arguments.name {
        "ljust" => (0, missing),
        "rjust" => (missing, 0),
        _ => text::center(missing, width),
    };
    Ok(Value::Bytes([&vec![fill; before], data, &vec![fill; after]].concat().into()).into())
}

fn search(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let (wanted, start, end) = text::find_arguments(arguments)?;
    let single;
    let (start, end) = (slice_index(start)?.map(Value::int), slice_index(end)?.map(Value::int));
    let part: &[u8] = match wanted {
        Value::Bytes(part) => part,
        Value::Int(_) | Value::Bool(_) => {
            single = [byte(wanted)?];
            &single
        }
        other => {
            return type_error(format!("argument should be integer or bytes-like object, not '{}'", type_name(other)?));
        }
    };
    let window = text::bounds(start.as_ref(), end.as_ref(), data.len())?;
    if name == "count" {
        let count = window.map_or(0, |(from, to)| count(&data[from..to], part));
        return Ok(Value::int(count as i64).into());
    }
    let found = window.and_then(|(from, to)| {
        let window = &data[from..to];
        let at = if name.starts_with('r') { find_last(window, part) } else { find(window, part) };
        at.map(|at| at + from)
    });
    match found {
        Some(at) => Ok(Value::int(at as i64).into()),
        None if name.ends_with("index") => value_error("subsection not found"),
        None => Ok(Value::int(-1).into()),
    }
}

fn affix(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let (wanted, start, end) = text::find_arguments(arguments)?;
    let window = text::bounds(start, end, data.len())?;
    let matches = |affix: &[u8]| {
        window.is_some_and(|(from, to)| {
            let window = &data[from..to];
            if name == "startswith" { window.starts_with(affix) } else { window.ends_with(affix) }
        })
    };
    let answer = match wanted {
        Value::Bytes(affix) => matches(affix),
        Value::Tuple(affixes) => {
            let mut found = false;
            for affix in affixes.iter() {
                if matches(bytes_like(affix)?) {
                    found = true;
                    break;
                }
            }
            found
        }
        other => {
            return type_error(format!(
                "{name} first arg must be bytes or a tuple of bytes, not {}",
                type_name(other)?
            ));
        }
    };
    Ok(Value::Bool(answer).into())
}

fn hex(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let [separator, group] = arguments.named(["sep", "bytes_per_sep"], 0, 2, 0)?;
    let group = group.map_or(Ok(1), c_int)?;
    let separator = match separator {
        None => None,
        Some(Value::Str(text)) if text::length(text) == 1 => match text.chars().next() {
            Some(c) if c.is_ascii() => Some(c),
            _ => return value_error("sep must be ASCII."),
        },
        Some(Value::Bytes(text)) if text.len() == 1 => match text[0] {
            c if c.is_ascii() => Some(char::from(c)),
            _ => return value_error("sep must be ASCII."),
        },
        Some(Value::Str(_) | Value::Bytes(_)) => return value_error("sep must be length 1."),
        Some(Value::Range(_) | Value::Tuple(_)) => {
            return not_modelled("words of an error");
        }
        Some(other) => {
            return type_error(format!("object of type '{}' has no len()", type_name(other)?));
        }
    };
    let mut out = String::with_capacity(data.len() * 2);
    let size = group.unsigned_abs() as usize;
    for (at, byte) in data.iter().enumerate() {
        // Groups are counted from the right, or with a negative size from the left.
        let boundary =
            if group > 0 { (data.len() - at).is_multiple_of(size.max(1)) } else { at.is_multiple_of(size.max(1)) };
        if let (Some(separator), true) = (separator, at > 0 && size > 0 && boundary) {
            out.push(separator);
        }
        out.push_str(&format!("{byte:02x}"));
    }
    bounded_text(Some(out.len()))?;
    Ok(Value::str(out).into())
}

fn join(separator: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let items = match iterate(arguments.ctx, arguments.one()?) {
        Ok(items) => items,
        Err(Failure::Raise { .. }) => return type_error("can only join an iterable"),
        Err(other) => return Err(other),
    };
    let mut out = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Value::Bytes(part) = item else {
            return type_error(format!("sequence item {at}: expected a bytes-like object, {} found", type_name(item)?));
        };
        if at > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(part);
        bounded_text(Some(out.len()))?;
    }
    Ok(value(out).into())
}

fn translate(data: &[u8], arguments: &Arguments) -> Outcome<Product> {
    let [table, delete] = arguments.named(["table", "delete"], 1, 2, 1)?;
    let table = match table {
        None | Some(Value::None) => None,
        Some(table) => {
            let table = bytes_like(table)?;
            if table.len() != 256 {
                return value_error("translation table must be 256 characters long");
            }
            Some(table)
        }
    };
    let delete = delete.map_or(Ok(&[][..]), bytes_like)?;
    let kept = data.iter().filter(|byte| !delete.contains(byte));
    let mapped: Vec<u8> = kept.map(|&byte| table.map_or(byte, |table| table[usize::from(byte)])).collect();
    Ok(value(mapped).into())
}

/// `bytes(…)` of an int or of items.
pub(crate) fn from_items(items: &[Value]) -> Outcome<Vec<u8>> {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match super::arguments::index(item)?.to_i64().and_then(|n| u8::try_from(n).ok()) {
            Some(byte) => out.push(byte),
            None => return value_error("bytes must be in range(0, 256)"),
        }
    }
    Ok(out)
}

/// Whether the argument's truth is known; for flags such as `signed=`.
pub(crate) fn flag(x: Option<&Value>) -> Outcome<bool> {
    match x {
        None => Ok(false),
        Some(x) => compare::truth(x).map_or_else(|| not_modelled("truth of what is not plain data"), Ok),
    }
}
