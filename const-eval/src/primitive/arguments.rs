//! Positional and keyword arguments as Argument Clinic binds them, with its words.

use num_traits::ToPrimitive;

use super::{Context, Outcome, overflow_error, type_error, type_name};
use crate::value::{Integer, Value};

/// The arguments of one call.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub ctx: Context,
    /// Type name, for `str.upper()`; empty for functions.
    pub owner: &'a str,
    pub name: &'a str,
    pub args: &'a [Value],
    pub keywords: &'a [(&'a str, Value)],
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

impl<'a> Arguments<'a> {
    /// `str.upper` or `len`
    fn qualified(&self) -> String {
        if self.owner.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.owner, self.name) }
    }

    fn no_keywords(&self) -> Outcome<()> {
        if self.keywords.is_empty() {
            return Ok(());
        }
        type_error(format!("{}() takes no keyword arguments", self.qualified()))
    }

    /// `METH_NOARGS`
    pub fn none(&self) -> Outcome<()> {
        self.no_keywords()?;
        if self.args.is_empty() {
            return Ok(());
        }
        type_error(format!("{}() takes no arguments ({} given)", self.qualified(), self.args.len()))
    }

    /// `METH_O`
    pub fn one(&self) -> Outcome<&'a Value> {
        self.no_keywords()?;
        match self.args {
            [only] => Ok(only),
            _ => type_error(format!("{}() takes exactly one argument ({} given)", self.qualified(), self.args.len())),
        }
    }

    /// `_PyArg_CheckPositional`
    pub fn positional(&self, least: usize, most: usize) -> Outcome<&'a [Value]> {
        self.no_keywords()?;
        self.count(least, most)?;
        Ok(self.args)
    }

    fn count(&self, least: usize, most: usize) -> Outcome<()> {
        let given = self.args.len();
        let (bound, n) = if given < least {
            (if least == most { "" } else { "at least " }, least)
        } else if given > most {
            (if least == most { "" } else { "at most " }, most)
        } else {
            return Ok(());
        };
        type_error(format!("{} expected {bound}{n} argument{}, got {given}", self.name, plural(n)))
    }

    /// A slot wrapper's arguments (`x.__add__(y)`).
    pub fn wrapper(&self, count: usize) -> Outcome<&'a [Value]> {
        if !self.keywords.is_empty() {
            return type_error(format!("wrapper {}() takes no keyword arguments", self.name));
        }
        if self.args.len() == count {
            return Ok(self.args);
        }
        type_error(format!("expected {count} argument{}, got {}", plural(count), self.args.len()))
    }

    /// Parameters that may be named (`_PyArg_UnpackKeywords`): the first `positional_only`
    /// of `names` may not; the first `required` must be given; at most `most_positional`
    /// may be given by position. Absent ones are `None`.
    pub fn named<const N: usize>(
        &self,
        names: [&str; N],
        positional_only: usize,
        most_positional: usize,
        required: usize,
    ) -> Outcome<[Option<&'a Value>; N]> {
        let given = self.args.len();
        let total = given + self.keywords.len();
        if total > N {
            return type_error(format!(
                "{}() takes at most {N} {}argument{} ({total} given)",
                self.name,
                if given == 0 { "keyword " } else { "" },
                plural(N)
            ));
        }
        if given > most_positional {
            return if most_positional == 0 {
                type_error(format!("{}() takes no positional arguments", self.name))
            } else {
                type_error(format!(
                    "{}() takes {} {most_positional} positional argument{} ({given} given)",
                    self.name,
                    if required < most_positional { "at most" } else { "exactly" },
                    plural(most_positional)
                ))
            };
        }
        if given < positional_only.min(required) {
            return type_error(format!(
                "{}() takes {} {} positional argument{} ({given} given)",
                self.name,
                if positional_only.min(required) < most_positional { "at least" } else { "exactly" },
                positional_only.min(required),
                plural(positional_only.min(required))
            ));
        }
        let mut bound = [None; N];
        for (slot, argument) in bound.iter_mut().zip(self.args) {
            *slot = Some(argument);
        }
        // Missing ones are noticed before unknown names.
        for (position, name) in names.iter().enumerate().skip(given.max(positional_only)) {
            match self.keywords.iter().find(|(keyword, _)| keyword == name) {
                Some((_, argument)) => bound[position] = Some(argument),
                None if position < required => {
                    return type_error(format!(
                        "{}() missing required argument '{name}' (pos {})",
                        self.name,
                        position + 1
                    ));
                }
                None => {}
            }
        }
        for (keyword, _) in self.keywords {
            match names.iter().position(|name| name == keyword) {
                Some(position) if position >= positional_only => {
                    if position < given {
                        return type_error(format!(
                            "argument for {}() given by name ('{keyword}') and position ({})",
                            self.name,
                            position + 1
                        ));
                    }
                }
                _ => {
                    return if self.ctx.version >= (3, 13) {
                        type_error(format!("{}() got an unexpected keyword argument '{keyword}'", self.name))
                    } else {
                        type_error(format!("'{keyword}' is an invalid keyword argument for {}()", self.name))
                    };
                }
            }
        }
        Ok(bound)
    }
}

/// `_PyArg_BadArgument`; `which` is empty, or `2 ` or `'name' ` with its space.
pub(crate) fn bad_argument<T>(function: &str, which: &str, wanted: &str, x: &Value) -> Outcome<T> {
    let given = if matches!(x, Value::None) { "None" } else { type_name(x)? };
    type_error(format!("{function}() argument {which}must be {wanted}, not {given}"))
}

/// `PyNumber_Index`
pub(crate) fn index(x: &Value) -> Outcome<Integer> {
    match x {
        Value::Int(n) => Ok(n.clone()),
        Value::Bool(b) => Ok(Integer::Small(i64::from(*b))),
        other => type_error(format!("'{}' object cannot be interpreted as an integer", type_name(other)?)),
    }
}

/// An argument of C type `Py_ssize_t`.
pub(crate) fn ssize(x: &Value) -> Outcome<i64> {
    match index(x)? {
        Integer::Small(n) => Ok(n),
        Integer::Big(_) => overflow_error("Python int too large to convert to C ssize_t"),
    }
}

/// An argument of C type `int`.
pub(crate) fn c_int(x: &Value) -> Outcome<i32> {
    match index(x)? {
        Integer::Small(n) if i32::try_from(n).is_ok() => Ok(n as i32),
        _ => overflow_error("Python int too large to convert to C int"),
    }
}

/// A slice bound (`_PyEval_SliceIndex`): clipped to 64 bits; `None` if absent or `None`.
pub(crate) fn slice_index(x: Option<&Value>) -> Outcome<Option<i64>> {
    match x {
        None | Some(Value::None) => Ok(None),
        Some(Value::Int(n)) => Ok(Some(clip(n))),
        Some(Value::Bool(b)) => Ok(Some(i64::from(*b))),
        Some(other) => {
            type_name(other)?;
            type_error("slice indices must be integers or None or have an __index__ method")
        }
    }
}

/// The nearest `Py_ssize_t`.
pub(crate) fn clip(n: &Integer) -> i64 {
    match n {
        Integer::Small(n) => *n,
        Integer::Big(n) => n.to_i64().unwrap_or(if n.sign() == num_bigint::Sign::Minus { i64::MIN } else { i64::MAX }),
    }
}
