//! The methods of `str`, by name.

use super::{case, layout, search, split};
use crate::primitive::arguments::{Arguments, bad_argument, c_int, ssize};
use crate::primitive::construct::optional_text;
use crate::primitive::{
    Outcome, Product, codec, compare, fields, iterate, not_modelled, raise, type_error, type_name, value_error,
};
use crate::value::Value;

pub(crate) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
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
    "upper",
    "zfill",
];

fn texts(parts: Vec<&str>) -> Product {
    Product::List(parts.into_iter().map(Value::str).collect())
}

/// `must be str, not int`
fn must_be_str(x: &Value) -> Outcome<&str> {
    match x {
        Value::Str(text) => Ok(text),
        other => type_error(format!("must be str, not {}", type_name(other)?)),
    }
}

fn named_str<'a>(x: &'a Value, name: &str, which: &str) -> Outcome<&'a str> {
    match x {
        Value::Str(text) => Ok(text),
        other => bad_argument(name, which, "str", other),
    }
}

/// Arguments of `find` and its kin: what to look for, and the bounds.
pub(crate) fn find_arguments<'a>(
    arguments: &Arguments<'a>,
) -> Outcome<(&'a Value, Option<&'a Value>, Option<&'a Value>)> {
    let given = arguments.args.len();
    if arguments.ctx.version < (3, 13) && !arguments.keywords.is_empty() {
        return type_error(format!("{}() takes no keyword arguments", arguments.name));
    }
    if arguments.ctx.version < (3, 13) && !(1..=3).contains(&given) {
        let (bound, n, s) = if given == 0 { ("least", 1, "") } else { ("most", 3, "s") };
        return type_error(format!("{}() takes at {bound} {n} argument{s} ({given} given)", arguments.name));
    }
    match arguments.positional(1, 3)? {
        [wanted, rest @ ..] => Ok((wanted, rest.first(), rest.get(1))),
        [] => not_modelled("find()"),
    }
}

/// `maxsplit`: negative means no limit.
pub(crate) fn limit(x: Option<&Value>) -> Outcome<usize> {
    Ok(usize::try_from(x.map_or(Ok(-1), ssize)?).unwrap_or(usize::MAX))
}

/// `keepends`: an int until 3.11, anything with a truth since.
pub(crate) fn keep_ends(arguments: &Arguments) -> Outcome<bool> {
    match arguments.named(["keepends"], 0, 1, 0)?[0] {
        None => Ok(false),
        Some(x) if arguments.ctx.version < (3, 12) => Ok(c_int(x)? != 0),
        Some(x) => compare::truth(x).map_or_else(|| not_modelled("truth of what is not plain data"), Ok),
    }
}

/// Calls a method of `str`.
pub(crate) fn call(text: &str, arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let product = |text: String| Ok(Product::Value(Value::str(text)));
    match name {
        "capitalize" | "casefold" | "lower" | "swapcase" | "title" | "upper" => {
            arguments.none()?;
            product(match name {
                "capitalize" => case::capitalize(text)?,
                "casefold" => case::casefold(text)?,
                "lower" => case::lower(text)?,
                "swapcase" => case::swapcase(text)?,
                "title" => case::title(text)?,
                _ => case::upper(text)?,
            })
        }
        "center" | "ljust" | "rjust" => justify(text, arguments),
        "count" | "find" | "index" | "rfind" | "rindex" => find(text, arguments),
        "startswith" | "endswith" => {
            let (wanted, start, end) = find_arguments(arguments)?;
            let window = search::window(text, start, end)?;
            Ok(Value::Bool(search::affix(name, window.as_ref(), wanted)?).into())
        }
        "encode" => {
            let [encoding, errors] = arguments.named(["encoding", "errors"], 0, 2, 0)?;
            let encoding = optional_text(arguments.ctx, encoding, name, "encoding")?.unwrap_or("utf-8");
            let errors = optional_text(arguments.ctx, errors, name, "errors")?.unwrap_or("strict");
            Ok(Value::Bytes(codec::encode(text, encoding, errors)?.into()).into())
        }
        "expandtabs" => {
            let size = arguments.named(["tabsize"], 0, 1, 0)?[0].map_or(Ok(8), c_int)?;
            product(layout::expand_tabs(text, i64::from(size))?)
        }
        "format" => {
            fields::apply(arguments.ctx, text, arguments.args, arguments.keywords).map(|s| Value::Str(s).into())
        }
        "join" => join(text, arguments),
        "lstrip" | "rstrip" | "strip" => {
            let set = match arguments.positional(0, 1)?.first() {
                None | Some(Value::None) => None,
                Some(Value::Str(set)) => Some(&**set),
                Some(other) => {
                    type_name(other)?;
                    return type_error(format!("{name} arg must be None or str"));
                }
            };
            product(split::strip(text, name, set).to_owned())
        }
        "maketrans" => make_translation(arguments),
        "partition" | "rpartition" => {
            let separator = must_be_str(arguments.one()?)?;
            if separator.is_empty() {
                return value_error("empty separator");
            }
            let found = if name == "partition" { text.split_once(separator) } else { text.rsplit_once(separator) };
            let parts = match found {
                Some((before, after)) => [before, separator, after],
                None if name == "partition" => [text, "", ""],
                None => ["", "", text],
            };
            Ok(Value::tuple(parts.map(Value::str).to_vec()).into())
        }
        "removeprefix" => {
            let affix = named_str(arguments.one()?, name, "")?;
            product(text.strip_prefix(affix).unwrap_or(text).to_owned())
        }
        "removesuffix" => {
            let affix = named_str(arguments.one()?, name, "")?;
            product(text.strip_suffix(affix).unwrap_or(text).to_owned())
        }
        "replace" => {
            let [old, new, count] = replace_arguments(arguments)?;
            let (Some(old), Some(new)) = (old, new) else {
                return not_modelled("replace()");
            };
            let (old, new) = (named_str(old, name, "1 ")?, named_str(new, name, "2 ")?);
            product(search::replace(text, old, new, count.map_or(Ok(-1), ssize)?)?)
        }
        "split" | "rsplit" => {
            let [separator, most] = arguments.named(["sep", "maxsplit"], 0, 2, 0)?;
            let most = limit(most)?;
            let from_right = name == "rsplit";
            Ok(texts(match separator {
                None | Some(Value::None) if from_right => split::by_space_from_right(text, most),
                None | Some(Value::None) => split::by_space(text, most),
                Some(Value::Str(separator)) if separator.is_empty() => {
                    return value_error("empty separator");
                }
                Some(Value::Str(separator)) if from_right => split::by_from_right(text, separator, most),
                Some(Value::Str(separator)) => split::by(text, separator, most),
                Some(other) => {
                    return type_error(format!("must be str or None, not {}", type_name(other)?));
                }
            }))
        }
        "splitlines" => Ok(texts(split::lines(text, keep_ends(arguments)?))),
        "zfill" => product(layout::zero_fill(text, ssize(arguments.one()?)?)?),
        _ => {
            if name.starts_with("is") {
                arguments.none()?;
                if let Some(answer) = case::predicate(text, name)? {
                    return Ok(Value::Bool(answer).into());
                }
            }
            not_modelled("a method of str")
        }
    }
}

/// `old`, `new`, `count`, which 3.13 lets be named.
pub(crate) fn replace_arguments<'a>(arguments: &Arguments<'a>) -> Outcome<[Option<&'a Value>; 3]> {
    if arguments.ctx.version >= (3, 13) && arguments.owner == "str" {
        return arguments.named(["old", "new", "count"], 2, 3, 2);
    }
    let args = arguments.positional(2, 3)?;
    Ok([args.first(), args.get(1), args.get(2)])
}

fn justify(text: &str, arguments: &Arguments) -> Outcome<Product> {
    let args = arguments.positional(1, 2)?;
    let width = usize::try_from(args.first().map_or(Ok(0), ssize)?).unwrap_or(0);
    let fill = match args.get(1) {
        None => ' ',
        Some(Value::Str(fill)) => {
            let mut chars = fill.chars();
            match (chars.next(), chars.next()) {
                (Some(fill), None) => fill,
                _ => return type_error("The fill character must be exactly one character long"),
            }
        }
        Some(other) => {
            return type_error(format!("The fill character must be a unicode character, not {}", type_name(other)?));
        }
    };
    let missing = width.saturating_sub(super::length(text));
    let (before, after) = match arguments.name {
        "ljust" => (0, missing),
        "rjust" => (missing, 0),
        _ => layout::center(missing, width),
    };
    Ok(Value::str(layout::pad(text, before, fill, after)?).into())
}

fn find(text: &str, arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let (wanted, start, end) = find_arguments(arguments)?;
    // Bounds are converted before the text is looked at, or after, depending on the version.
    let needle = if arguments.ctx.version >= (3, 13) { named_str(wanted, name, "1 ") } else { must_be_str(wanted) };
    let (window, needle) = if arguments.ctx.version >= (3, 13) {
        let needle = needle?;
        (search::window(text, start, end)?, needle)
    } else {
        (search::window(text, start, end)?, needle?)
    };
    if name == "count" {
        let count = window.map_or(0, |window| search::count(window.text, needle));
        return Ok(Value::int(count as i64).into());
    }
    let found = window.and_then(|window| search::find(&window, needle, name.starts_with('r')));
    match found {
        Some(at) => Ok(Value::int(at as i64).into()),
        None if name.ends_with("index") => value_error("substring not found"),
        None => Ok(Value::int(-1).into()),
    }
}

fn join(separator: &str, arguments: &Arguments) -> Outcome<Product> {
    let items = match iterate(arguments.ctx, arguments.one()?) {
        Ok(items) => items,
        Err(crate::primitive::Failure::Raise { .. }) => {
            return type_error("can only join an iterable");
        }
        Err(other) => return Err(other),
    };
    let mut parts: Vec<&str> = Vec::with_capacity(items.len());
    let mut length = separator.len().checked_mul(items.len().saturating_sub(1));
    for (at, item) in items.iter().enumerate() {
        match item {
            Value::Str(part) => {
                parts.push(part);
                length = length.and_then(|length| length.checked_add(part.len()));
            }
            other => {
                return type_error(format!("sequence item {at}: expected str instance, {} found", type_name(other)?));
            }
        }
    }
    crate::primitive::bounded_text(length)?;
    Ok(Value::str(parts.join(separator)).into())
}

fn make_translation(arguments: &Arguments) -> Outcome<Product> {
    let args = arguments.positional(1, 3)?;
    let [from, to, rest @ ..] = args else {
        args.first().map_or(Ok(""), type_name)?;
        return type_error("if you give only one argument to maketrans it must be a dict");
    };
    let to = match to {
        Value::Str(to) => to,
        other => {
            return bad_argument("maketrans", "2 ", "str", other);
        }
    };
    let deleted = match rest.first() {
        None => "",
        Some(Value::Str(deleted)) => deleted,
        Some(other) => {
            return bad_argument("maketrans", "3 ", "str", other);
        }
    };
    let Value::Str(from) = from else {
        type_name(from)?;
        return type_error("first maketrans argument must be a string if there is a second argument");
    };
    if super::length(from) != super::length(to) {
        return value_error("the first two maketrans arguments must have equal length");
    }
    let mut entries = indexmap::IndexMap::new();
    for (from, to) in from.chars().zip(to.chars()) {
        entries.insert(from, Value::int(i64::from(u32::from(to))));
    }
    for deleted in deleted.chars() {
        entries.insert(deleted, Value::None);
    }
    let pairs = entries.into_iter().map(|(key, to)| (Value::int(i64::from(u32::from(key))), to));
    Ok(Product::Dict(pairs.collect()))
}

/// `ord(text)` of one character.
pub(crate) fn ordinal(text: &str) -> Outcome<Value> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(Value::int(i64::from(u32::from(c)))),
        _ => raise(
            "TypeError",
            format!("ord() expected a character, but string of length {} found", super::length(text)),
        ),
    }
}
