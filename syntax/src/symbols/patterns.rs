//! Patterns (`symtable_visit_pattern`), and what `compile.c` refuses in them.

use ruff_python_ast::{Expr, Pattern};
use ruff_text_size::Ranged;

use super::build::Builder;
use crate::stack::with_one_more_level;

impl Builder<'_> {
    /// `may_match_all`: no pattern comes after this one in its place (`allow_irrefutable`).
    pub(super) fn pattern(&mut self, pattern: &Pattern, may_match_all: bool) {
        with_one_more_level(|| match pattern {
            Pattern::MatchValue(node) => self.pattern_value(&node.value),
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => node.patterns.iter().for_each(|pattern| self.pattern(pattern, true)),
            Pattern::MatchMapping(node) => {
                node.keys.iter().for_each(|key| self.pattern_value(key));
                node.patterns.iter().for_each(|pattern| self.pattern(pattern, true));
                node.rest.iter().for_each(|name| self.bind(name));
            }
            Pattern::MatchClass(node) => {
                self.expression(&node.cls);
                node.arguments.patterns.iter().for_each(|pattern| self.pattern(pattern, true));
                for keyword in &node.arguments.keywords {
                    if keyword.attr.as_str() == "__debug__" {
                        self.error("cannot assign to __debug__", keyword.range);
                    }
                    self.pattern(&keyword.pattern, true);
                }
            }
            Pattern::MatchStar(node) => node.name.iter().for_each(|name| self.bind(name)),
            Pattern::MatchAs(node) => {
                match &node.pattern {
                    Some(pattern) => self.pattern(pattern, may_match_all),
                    None if !may_match_all => {
                        let what = match &node.name {
                            Some(name) => format!("name capture '{name}'"),
                            None => "wildcard".to_owned(),
                        };
                        self.error(format!("{what} makes remaining patterns unreachable"), node.range);
                    }
                    None => {}
                }
                node.name.iter().for_each(|name| self.bind(name));
            }
            Pattern::MatchOr(node) => {
                for (index, pattern) in node.patterns.iter().enumerate() {
                    let last = index + 1 == node.patterns.len();
                    self.pattern(pattern, last && may_match_all);
                }
            }
        });
    }

    pub(super) fn pattern_value(&mut self, value: &Expr) {
        if value.is_f_string_expr() || value.is_t_string_expr() {
            self.error("patterns may only match literals and attribute lookups", value.range());
        }
        self.expression(value);
    }
}
