//! What the parser's checker of semantic rules asks about the place it is at.
//!
//! Rules about `global` and `nonlocal` are not left to it: [`super::build`] has the
//! symbols at hand and checks them as `symtable.c` does.

use ruff_python_ast::PythonVersion;
use ruff_python_parser::semantic_errors::{LazyImportContext, SemanticSyntaxContext, SemanticSyntaxError};
use ruff_text_size::TextRange;

use super::build::Builder;
use super::{Scope, ScopeKind};
use crate::error::SyntaxError;

impl Builder<'_> {
    /// The current scope and those around it.
    fn scopes_outward(&self) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(self.scope()), |scope| scope.parent.map(|id| self.table.scope(id)))
    }
}

impl SemanticSyntaxContext for Builder<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        self.future_annotations
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        None
    }

    fn python_version(&self) -> PythonVersion {
        PythonVersion::from(self.version)
    }

    fn source(&self) -> &str {
        self.text
    }

    fn global(&self, _name: &str) -> Option<TextRange> {
        None
    }

    fn has_nonlocal_binding(&self, _name: &str) -> bool {
        true
    }

    fn in_async_context(&self) -> bool {
        for scope in self.scopes_outward() {
            match scope.kind {
                ScopeKind::Function { is_async } => return is_async,
                ScopeKind::Lambda | ScopeKind::Class => return false,
                _ => {}
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        for scope in self.scopes_outward() {
            match scope.kind {
                ScopeKind::Function { .. } | ScopeKind::Lambda | ScopeKind::GeneratorExpression => return true,
                ScopeKind::Class => return false,
                _ => {}
            }
        }
        false
    }

    fn in_yield_allowed_context(&self) -> bool {
        self.in_function_scope()
    }

    fn in_sync_comprehension(&self) -> bool {
        false
    }

    /// Assignment expressions in comprehensions are checked where they are bound.
    fn in_class_body_comprehension(&self) -> bool {
        false
    }

    fn in_module_scope(&self) -> bool {
        self.scope().kind == ScopeKind::Module
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.scope().kind, ScopeKind::Function { .. } | ScopeKind::Lambda)
    }

    fn in_generator_context(&self) -> bool {
        self.scope().kind == ScopeKind::GeneratorExpression
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.errors.borrow_mut().push(SyntaxError::invalid(error.to_string(), error.range));
    }

    fn in_loop_context(&self) -> bool {
        self.loops > 0
    }

    fn is_bound_parameter(&self, _name: &str) -> bool {
        false
    }
}
