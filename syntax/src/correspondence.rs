//! Two versions of a module that nobody who has evaluated the old one can tell apart.
//!
//! Most edits change the body of a function that no top level calls, a comment, or white space. Then the IR is
//! another one, but all that was looked at of the old one is the same, but for its ranges: what was found out
//! about the old version holds for the new one, once ranges are translated.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::ir::{Code, CodeId, CodeKind, Module};

/// From ranges of the old version to ranges of the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correspondence {
    ranges: FxHashMap<TextRange, TextRange>,
    /// Codes that are others in the new version. As soon as somebody reads one of them, nothing corresponds any more.
    changed: Vec<CodeId>,
}

impl Correspondence {
    /// Where a range of the old version is in the new one. A range that nothing which was looked at has is no place
    /// in the text.
    pub fn translate(&self, range: TextRange) -> TextRange {
        self.ranges.get(&range).copied().unwrap_or(range)
    }

    /// Whether somebody has meanwhile read, in the old version, what is another thing in the new one.
    pub fn is_broken(&self, old: &Module) -> bool {
        self.changed.iter().any(|code| old.code(*code).read.is_set())
    }

    /// `None` where the same range would be two.
    fn note(&mut self, old: TextRange, new: TextRange) -> Option<()> {
        (*self.ranges.entry(old).or_insert(new) == new).then_some(())
    }
}

/// The correspondence of the versions, if the new one differs from the old one only in its ranges, its directives, and
/// in instructions of functions that nobody has read in the old one ([`Code::read`]).
pub fn correspondence(old: &Module, new: &Module) -> Option<Correspondence> {
    let same_whole = old.docstring == new.docstring
        && old.future_annotations == new.future_annotations
        && old.rebound_globals == new.rebound_globals
        && old.has_annotations == new.has_annotations
        && old.statements.len() == new.statements.len()
        && old.codes.len() == new.codes.len()
        && old.imports.len() == new.imports.len();
    if !same_whole {
        return None;
    }
    let mut found = Correspondence::default();
    for (old, new) in old.statements.iter().zip(&new.statements) {
        if (old.kind, old.code) != (new.kind, new.code) || old.binds != new.binds {
            return None;
        }
        found.note(old.range, new.range)?;
    }
    for (old, new) in old.imports.iter().zip(&new.imports) {
        let is_same =
            (old.level, &old.module, &old.names, old.occasion) == (new.level, &new.module, &new.names, new.occasion);
        if !is_same {
            return None;
        }
        found.note(old.range, new.range)?;
    }
    for (index, (old, new)) in old.codes.iter().zip(&new.codes).enumerate() {
        if !same_shell(old, new) {
            return None;
        }
        if old.body.has_the_same_instructions(&new.body) && old.locals == new.locals {
            for (old, new) in old.body.peek_ranges().iter().zip(&*new.body.peek_ranges()) {
                found.note(*old, *new)?;
            }
        } else if old.read.is_set() || matches!(old.kind, CodeKind::TopLevel | CodeKind::Class) {
            return None;
        } else {
            found.changed.push(CodeId(index as u32));
        }
    }
    Some(found)
}

/// What is known of a code without looking at its instructions.
fn same_shell(old: &Code, new: &Code) -> bool {
    let parameters = old.parameters.count() as usize;
    old.kind == new.kind
        && old.name == new.name
        && old.qualname == new.qualname
        && old.parameters == new.parameters
        && old.locals.get(..parameters) == new.locals.get(..parameters)
        && old.cells == new.cells
        && old.own_cells == new.own_cells
        && old.is_generator == new.is_generator
        && old.is_coroutine == new.is_coroutine
        && old.docstring == new.docstring
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LowerOptions, lower_source};

    fn lowered(text: &str) -> Module {
        let lowered = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
        lowered.unwrap_or_else(|_| panic!("{text} is Python"))
    }

    /// Marks the functions of these names as read.
    fn corresponds(old: &str, new: &str, read: &[&str]) -> bool {
        let (old, new) = (lowered(old), lowered(new));
        for code in old.codes.iter().filter(|code| read.contains(&&*code.name)) {
            code.read.set();
        }
        correspondence(&old, &new).is_some()
    }

    #[test]
    fn bodies_that_nobody_has_read_may_change() {
        let (old, new) = ("def f(a):\n    return 1\n", "def f(a):\n    b = a\n    return [b, 2]\n");
        assert!(corresponds(old, new, &[]));
        assert!(!corresponds(old, new, &["f"]));
        let old_module = lowered(old);
        let found = correspondence(&old_module, &lowered(new)).unwrap_or_default();
        assert!(!found.is_broken(&old_module));
        old_module.codes.iter().for_each(|code| code.read.set());
        assert!(found.is_broken(&old_module));
        assert!(!corresponds("class C:\n    x = 1\n", "class C:\n    x = 2\n", &[]));
        assert!(!corresponds("x = 1\n", "x = 2\n", &[]));
        assert!(!corresponds(old, "def f(b):\n    return 1\n", &[]));
        assert!(!corresponds(old, "def f(a=1):\n    return 1\n", &[]));
        assert!(!corresponds(old, "def f(a):\n    'now documented'\n    return 1\n", &[]));
        assert!(!corresponds(old, "def f(a):\n    yield 1\n", &[]));
        assert!(!corresponds(old, "def f(a):\n    global f\n    f = 1\n", &[]));
    }

    #[test]
    fn white_space_and_comments_move_ranges() {
        let (old, new) = ("def f():\n    return g(1)\nx = f()\n", "# new\ndef f():\n\n    return g( 1 )\nx =  f()\n");
        let (old, new) = (lowered(old), lowered(new));
        old.codes.iter().for_each(|code| code.read.set());
        let found = correspondence(&old, &new).unwrap_or_default();
        for (old, new) in old.codes.iter().zip(&new.codes) {
            let translated: Vec<TextRange> = old.ranges().iter().map(|range| found.translate(*range)).collect();
            assert_eq!(translated, new.ranges());
        }
    }

    #[test]
    fn one_range_that_becomes_two_is_no_correspondence() {
        assert!(corresponds("f(x)\n", "f (x)\n", &[]));
        assert!(!corresponds("f(x)\n", "(f(x))\n", &[]));
    }
}
