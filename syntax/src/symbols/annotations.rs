//! Annotations (`symtable_visit_annotation`).

use ruff_python_ast::Expr;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_text_size::{Ranged, TextRange};

use super::build::Builder;

impl Builder<'_> {
    /// Under `from __future__ import annotations` annotations are strings: their names count for nothing.
    pub(super) fn annotation(&mut self, annotation: &Expr) {
        if self.future_annotations {
            let mut visitor = ForbiddenInAnnotation { found: Vec::new(), version: self.version, comprehensions: 0 };
            visitor.visit_expr(annotation);
            for (what, range) in visitor.found {
                self.error(format!("{what} cannot be used within an annotation"), range);
            }
        } else {
            self.expression(annotation);
        }
    }
}

/// Finds what may not stand in an annotation that becomes a string.
struct ForbiddenInAnnotation {
    found: Vec<(&'static str, TextRange)>,
    version: (u8, u8),
    /// Around the current expression.
    comprehensions: u32,
}

impl Visitor<'_> for ForbiddenInAnnotation {
    fn visit_expr(&mut self, expression: &Expr) {
        match expression {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.found.push(("yield expression", expression.range())),
            // Up to 3.12 nothing looks at `await` in a comprehension that is never compiled.
            Expr::Await(_) if self.comprehensions > 0 && self.version < (3, 13) => {}
            Expr::Await(_) => self.found.push(("await expression", expression.range())),
            Expr::Named(_) => self.found.push(("named expression", expression.range())),
            _ => {}
        }
        let comprehension = expression.is_list_comp_expr()
            || expression.is_set_comp_expr()
            || expression.is_dict_comp_expr()
            || expression.is_generator_expr();
        self.comprehensions += u32::from(comprehension);
        walk_expr(self, expression);
        self.comprehensions -= u32::from(comprehension);
    }
}
