//! `match` (`compiler_match`).
//!
//! The subject, its parts and what patterns capture lie in temporaries, so that the stack is
//! empty wherever a pattern fails. Captured values are stored into their names once the
//! whole pattern has matched, before the guard, as in CPython.

use std::sync::Arc;

use ruff_python_ast::{self as ast, Pattern, Singleton};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use super::unit::Mark;
use crate::ir::{BinaryOperator, Comparison, Constant, Instruction as I};
use crate::stack::with_one_more_level;

/// A name that a pattern binds, and the temporary that holds its value.
type Captures<'a> = Vec<(&'a ast::Identifier, u32)>;

impl<'a> Lowerer<'a> {
    pub(super) fn match_statement(&mut self, node: &'a ast::StmtMatch) {
        let end = self.mark();
        let outer = self.unit().temporaries_in_use;
        self.expression(&node.subject);
        let subject = self.temporary();
        self.emit(I::StoreLocal(subject), node.subject.range());
        let kept = self.unit().temporaries_in_use;
        for case in &node.cases {
            let next = self.mark();
            let mut captures = Vec::new();
            self.pattern(&case.pattern, subject, next, &mut captures);
            for (name, temporary) in captures {
                self.emit(I::LoadLocal(temporary), name.range);
                self.store(name.as_str(), name.range);
            }
            if let Some(guard) = &case.guard {
                self.jump_if(guard, next, false);
            }
            self.statements(&case.body);
            self.jump(I::Jump, end, case.pattern.range());
            self.place(next);
            self.unit().temporaries_in_use = kept;
        }
        self.place(end);
        self.unit().temporaries_in_use = outer;
    }

    /// A fast local that no name of the program uses.
    fn temporary(&mut self) -> u32 {
        let index = self.unit().temporaries_in_use;
        self.unit().temporaries_in_use += 1;
        if let Some(&slot) = self.unit().temporaries.get(index) {
            return slot;
        }
        let name = self.names.intern(&format!(".match{index}"));
        let slot = self.slot(name);
        self.unit().temporaries.push(slot);
        slot
    }

    /// `[value] → []`
    fn keep(&mut self, range: TextRange) -> u32 {
        let temporary = self.temporary();
        self.emit(I::StoreLocal(temporary), range);
        temporary
    }

    /// Tests the value in `subject`; jumps to `fail` if it does not match. `[] → []`
    fn pattern(&mut self, pattern: &'a Pattern, subject: u32, fail: Mark, captures: &mut Captures<'a>) {
        let range = pattern.range();
        match pattern {
            Pattern::MatchValue(node) => {
                self.emit(I::LoadLocal(subject), range);
                self.expression(&node.value);
                self.emit(I::Compare(Comparison::Equal), range);
                self.jump(I::JumpIfFalse, fail, range);
            }
            Pattern::MatchSingleton(node) => {
                self.emit(I::LoadLocal(subject), range);
                let constant = match node.value {
                    Singleton::None => Constant::None,
                    Singleton::True => Constant::True,
                    Singleton::False => Constant::False,
                };
                self.constant(constant, range);
                self.emit(I::Compare(Comparison::Is), range);
                self.jump(I::JumpIfFalse, fail, range);
            }
            Pattern::MatchSequence(node) => {
                with_one_more_level(|| self.sequence(node, subject, fail, captures));
            }
            Pattern::MatchMapping(node) => {
                with_one_more_level(|| self.mapping(node, subject, fail, captures));
            }
            Pattern::MatchClass(node) => {
                with_one_more_level(|| self.class_pattern(node, subject, fail, captures));
            }
            Pattern::MatchStar(node) => captures.extend(node.name.as_ref().map(|name| (name, subject))),
            Pattern::MatchAs(node) => {
                if let Some(inner) = &node.pattern {
                    with_one_more_level(|| self.pattern(inner, subject, fail, captures));
                }
                captures.extend(node.name.as_ref().map(|name| (name, subject)));
            }
            Pattern::MatchOr(node) => with_one_more_level(|| self.alternatives(node, subject, fail, captures)),
        }
    }

    fn sequence(&mut self, node: &'a ast::PatternMatchSequence, subject: u32, fail: Mark, captures: &mut Captures<'a>) {
        let (range, patterns) = (node.range, &node.patterns);
        self.test(subject, I::MatchSequence, fail, range);
        let starred = patterns.iter().position(Pattern::is_match_star);
        let expected = match starred {
            None => Some((patterns.len(), Comparison::Equal)),
            Some(_) if patterns.len() > 1 => Some((patterns.len() - 1, Comparison::GreaterEqual)),
            Some(_) => None,
        };
        if let Some((length, comparison)) = expected {
            self.length(subject, range);
            self.constant(Constant::Int(length as i64), range);
            self.emit(I::Compare(comparison), range);
            self.jump(I::JumpIfFalse, fail, range);
        }
        if patterns.iter().all(binds_and_tests_nothing) {
            return;
        }
        let ignored_star = starred.filter(|&index| patterns.get(index).is_some_and(binds_and_tests_nothing));
        if let Some(star) = ignored_star {
            // `[a, *_, b]`: items are taken by their index.
            for (index, pattern) in patterns.iter().enumerate() {
                if binds_and_tests_nothing(pattern) {
                    continue;
                }
                self.emit(I::LoadLocal(subject), pattern.range());
                if index < star {
                    self.constant(Constant::Int(index as i64), pattern.range());
                } else {
                    self.length(subject, pattern.range());
                    self.constant(Constant::Int((patterns.len() - index) as i64), pattern.range());
                    self.emit(I::Binary(BinaryOperator::Subtract), pattern.range());
                }
                self.emit(I::LoadSubscript, pattern.range());
                let item = self.keep(pattern.range());
                self.pattern(pattern, item, fail, captures);
            }
            return;
        }
        self.emit(I::LoadLocal(subject), range);
        let unpack = self.unpacking(patterns.len(), starred, range);
        self.emit(unpack, range);
        self.parts(patterns.iter(), range, fail, captures);
    }

    /// The values that the patterns are to match lie on the stack, the first on top.
    fn parts(
        &mut self,
        patterns: impl Iterator<Item = &'a Pattern>,
        range: TextRange,
        fail: Mark,
        captures: &mut Captures<'a>,
    ) {
        let parts: Vec<_> = patterns.map(|pattern| (pattern, self.keep(range))).collect();
        for (pattern, part) in parts {
            self.pattern(pattern, part, fail, captures);
        }
    }

    fn mapping(&mut self, node: &'a ast::PatternMatchMapping, subject: u32, fail: Mark, captures: &mut Captures<'a>) {
        let range = node.range;
        self.test(subject, I::MatchMapping, fail, range);
        if node.keys.is_empty() && node.rest.is_none() {
            return;
        }
        if !node.keys.is_empty() {
            self.length(subject, range);
            self.constant(Constant::Int(node.keys.len() as i64), range);
            self.emit(I::Compare(Comparison::GreaterEqual), range);
            self.jump(I::JumpIfFalse, fail, range);
        }
        self.emit(I::LoadLocal(subject), range);
        node.keys.iter().for_each(|key| self.expression(key));
        self.emit(I::BuildTuple(node.keys.len() as u32), range);
        self.emit(I::MatchKeys, range);
        let values = self.keep(range);
        let keys = self.keep(range);
        self.emit(I::Pop, range);
        self.emit(I::LoadLocal(values), range);
        self.jump(I::JumpIfNone, fail, range);
        self.emit(I::LoadLocal(values), range);
        self.emit(I::UnpackSequence(node.keys.len() as u32), range);
        self.parts(node.patterns.iter(), range, fail, captures);
        if let Some(rest) = &node.rest {
            self.emit(I::LoadLocal(subject), range);
            self.emit(I::LoadLocal(keys), range);
            self.emit(I::CopyWithoutKeys, range);
            let remaining = self.keep(rest.range);
            captures.push((rest, remaining));
        }
    }

    fn class_pattern(
        &mut self,
        node: &'a ast::PatternMatchClass,
        subject: u32,
        fail: Mark,
        captures: &mut Captures<'a>,
    ) {
        let range = node.range;
        let arguments = &node.arguments;
        self.emit(I::LoadLocal(subject), range);
        self.expression(&node.cls);
        for keyword in &arguments.keywords {
            self.constant(Constant::Str(Arc::from(keyword.attr.as_str())), keyword.attr.range);
        }
        self.emit(I::BuildTuple(arguments.keywords.len() as u32), range);
        self.emit(I::MatchClass { positional: arguments.patterns.len() as u32 }, range);
        let attributes = self.keep(range);
        self.emit(I::LoadLocal(attributes), range);
        self.jump(I::JumpIfNone, fail, range);
        self.emit(I::LoadLocal(attributes), range);
        self.emit(I::UnpackSequence((arguments.patterns.len() + arguments.keywords.len()) as u32), range);
        let patterns = arguments.patterns.iter().chain(arguments.keywords.iter().map(|keyword| &keyword.pattern));
        self.parts(patterns, range, fail, captures);
    }

    /// All alternatives bind the same names: their values end up in the same temporaries.
    fn alternatives(&mut self, node: &'a ast::PatternMatchOr, subject: u32, fail: Mark, captures: &mut Captures<'a>) {
        let range = node.range;
        let matched = self.mark();
        let mut common: Captures<'a> = Vec::new();
        for (index, pattern) in node.patterns.iter().enumerate() {
            let next = self.mark();
            let mut own = Vec::new();
            self.pattern(pattern, subject, next, &mut own);
            if index == 0 {
                common = own.iter().map(|(name, _)| (*name, self.temporary())).collect();
            }
            for (name, temporary) in own {
                if let Some((_, target)) = common.iter().find(|(other, _)| other.id == name.id) {
                    let target = *target;
                    self.emit(I::LoadLocal(temporary), name.range);
                    self.emit(I::StoreLocal(target), name.range);
                }
            }
            self.jump(I::Jump, matched, pattern.range());
            self.place(next);
        }
        self.jump(I::Jump, fail, range);
        self.place(matched);
        captures.extend(common);
    }

    /// `[] → []`; `instruction` is `[subject] → [subject, bool]`.
    fn test(&mut self, subject: u32, instruction: I, fail: Mark, range: TextRange) {
        self.emit(I::LoadLocal(subject), range);
        self.emit(instruction, range);
        self.emit(I::Swap, range);
        self.emit(I::Pop, range);
        self.jump(I::JumpIfFalse, fail, range);
    }

    /// `[] → [len(subject)]`
    fn length(&mut self, subject: u32, range: TextRange) {
        self.emit(I::LoadLocal(subject), range);
        self.emit(I::MatchLength, range);
        self.emit(I::Swap, range);
        self.emit(I::Pop, range);
    }
}

/// `_` or `*_`
fn binds_and_tests_nothing(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(node) => node.pattern.is_none() && node.name.is_none(),
        Pattern::MatchStar(node) => node.name.is_none(),
        _ => false,
    }
}
