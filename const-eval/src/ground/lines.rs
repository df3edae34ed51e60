//! The text of the annotations, read line by line.
//!
//! ```text
//! # comment
//! module _functools            opens the part about a module
//! import none                  importing it does nothing else; or: import WHAT IT DOES
//! import loads a b              importing it imports these modules, and does nothing else
//! reads sqlite3.dump           its code looks names up in the dictionary of this Python module (`PyModule_GetDict`)
//! reduce: modelled             what calling does, for one or more names of the module
//! type partial: modelled       the same for a type, and opens a block
//!   __reduce__: pure -> tuple  indented: attributes of that type (or types)
//!   *: modelled                every attribute of the type's own that no other line names
//! inert date time              objects of these types are immutable data
//! differs argv path            these attributes of the module differ between processes
//! maybe exit quit              these names may exist, and differ between processes
//! ```
//!
//! A class of effect is one of `total`, `pure`, `pure(REQUIREMENT)`, `holds`, `holds(REQUIREMENT)`,
//! `recipe`, `modelled`, `read`, `process`, `effect`, `replay`, `replay(REQUIREMENT)`, `changes-self`, `unknown`, as
//! [`Effect`] and [`Requirement`] explain; a result is `None`, `same` (the type of the first argument), `first` (that argument itself),
//! `self` (of a type: itself), `?`, or a type: `str` (of builtins, or else of the same module) or `module.name`.
//! The part about a module may be continued elsewhere under the same heading.
//! `*` may not be combined with a class that promises anything.

use super::{Effect, Requirement};

/// A statement of the annotations, with its line number for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'text> {
    pub number: usize,
    pub statement: Statement<'text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement<'text> {
    Module(&'text str),
    Import(&'text str),
    Reads(Vec<&'text str>),
    Call { names: Vec<&'text str>, class: Class<'text> },
    Type { names: Vec<&'text str>, class: Class<'text> },
    Attribute { names: Vec<&'text str>, class: Class<'text> },
    Inert(Vec<&'text str>),
    Differs(Vec<&'text str>),
    Maybe(Vec<&'text str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class<'text> {
    pub effect: Effect,
    pub result: Result<'text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Result<'text> {
    None,
    Same,
    First,
    Itself,
    Unknown,
    Type(&'text str),
}

/// Reads a file; lines that can't be read are returned by number, and left out.
pub(super) fn read(text: &str) -> (Vec<Line<'_>>, Vec<usize>) {
    let mut lines = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.split('#').next().unwrap_or_default().trim_end();
        if line.is_empty() {
            continue;
        }
        match statement(line) {
            Some(statement) => lines.push(Line { number, statement }),
            None => bad.push(number),
        }
    }
    (lines, bad)
}

fn statement(line: &str) -> Option<Statement<'_>> {
    if line.starts_with(' ') {
        let (names, class) = names_and_class(line)?;
        let promises = !matches!(class.effect, Effect::Modelled | Effect::Process | Effect::Effect | Effect::Unknown);
        if names.contains(&"*") && promises {
            return None;
        }
        return Some(Statement::Attribute { names, class });
    }
    let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
    match keyword {
        "module" => Some(Statement::Module(rest.trim())),
        "import" => Some(Statement::Import(rest.trim())),
        "reads" => Some(Statement::Reads(rest.split_whitespace().collect())),
        "maybe" => Some(Statement::Maybe(rest.split_whitespace().collect())),
        "differs" => Some(Statement::Differs(rest.split_whitespace().collect())),
        "inert" => Some(Statement::Inert(rest.split_whitespace().collect())),
        "type" => {
            let (names, class) = names_and_class(rest)?;
            Some(Statement::Type { names, class })
        }
        _ => {
            let (names, class) = names_and_class(line)?;
            Some(Statement::Call { names, class })
        }
    }
}

fn names_and_class(line: &str) -> Option<(Vec<&str>, Class<'_>)> {
    let (names, class) = line.split_once(": ")?;
    let names: Vec<_> = names.split_whitespace().collect();
    let (effect, result) = match class.split_once("->") {
        Some((effect, result)) => (effect.trim(), result.trim()),
        None => (class.trim(), "?"),
    };
    if names.is_empty() || result.is_empty() || result.contains(char::is_whitespace) {
        return None;
    }
    let result = match result {
        "None" => Result::None,
        "same" => Result::Same,
        "first" => Result::First,
        "self" => Result::Itself,
        "?" => Result::Unknown,
        name => Result::Type(name),
    };
    Some((names, Class { effect: parse_effect(effect)?, result }))
}

fn parse_effect(word: &str) -> Option<Effect> {
    if let Some((word, requirement)) = word.strip_suffix(')').and_then(|word| word.split_once('(')) {
        let requirement = parse_requirement(requirement)?;
        return match word {
            "holds" => Some(Effect::HoldsIf(requirement)),
            "pure" => Some(Effect::PureIf(requirement)),
            "replay" => Some(Effect::ReplayIf(requirement)),
            _ => None,
        };
    }
    Some(match word {
        "total" => Effect::Total,
        "pure" => Effect::Pure,
        "holds" => Effect::Holds,
        "recipe" => Effect::Recipe,
        "modelled" => Effect::Modelled,
        "read" => Effect::Read,
        "process" => Effect::Process,
        "libm" => Effect::Libm,
        "effect" => Effect::Effect,
        "replay" => Effect::Replay,
        "changes-self" => Effect::ChangesSelf,
        "unknown" => Effect::Unknown,
        _ => return None,
    })
}

fn parse_requirement(word: &str) -> Option<Requirement> {
    Some(match word {
        "inert" => Requirement::Inert,
        "inert-or-numbers" => Requirement::InertOrNumbers,
        "function" => Requirement::Function,
        "callable" => Requirement::Callable,
        "surely-callable" => Requirement::SurelyCallable,
        "callable-then-inert" => Requirement::CallableThenInert,
        "dict" => Requirement::Dict,
        "strings" => Requirement::Strings,
        "string-first" => Requirement::StringFirst,
        "strings-or-ints" => Requirement::StringsOrIntegers,
        "classes" => Requirement::Classes,
        "inert-rest" => Requirement::InertRest,
        "keywords-only" => Requirement::KeywordsOnly,
        "one" => Requirement::One,
        "weakrefable" => Requirement::Weakrefable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind_of_statement() {
        let (lines, bad) = read(
            "module m # here\nimport none\nf g: pure -> str\ntype t: holds(dict) -> t\n  a: changes-self -> None\n  *: modelled\ninert t\ndiffers x\nmaybe y z\n",
        );
        assert_eq!(bad, Vec::<usize>::new());
        assert_eq!(lines.len(), 9);
        assert_eq!(
            lines[2].statement,
            Statement::Call {
                names: vec!["f", "g"],
                class: Class { effect: Effect::Pure, result: Result::Type("str") }
            }
        );
        assert_eq!(
            lines[4].statement,
            Statement::Attribute {
                names: vec!["a"],
                class: Class { effect: Effect::ChangesSelf, result: Result::None }
            }
        );
    }

    #[test]
    fn refuses_a_promise_about_everything() {
        let (_, bad) = read("module m\ntype t: unknown\n  *: total\nf: fine\n");
        assert_eq!(bad, [3, 4]);
    }
}
