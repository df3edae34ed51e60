//! The module: one code for each top-level statement.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use super::Lowerer;
use super::statements::docstring;
use crate::ir::{CodeKind, Constant, Instruction as I, Name, StatementKind, TopLevel};
use crate::symbols::MODULE;

impl<'a> Lowerer<'a> {
    /// The statements and the docstring.
    pub(super) fn module(&mut self, module: &'a ast::ModModule) -> (Vec<TopLevel>, Option<Constant>) {
        let module_name: Name = Arc::from("<module>");
        let literal = docstring(&module.body);
        let mut doc = None;
        let mut statements = Vec::with_capacity(module.body.len());
        for (index, statement) in module.body.iter().enumerate() {
            let range = statement.range();
            self.binds.clear();
            self.enter(MODULE, CodeKind::TopLevel, module_name.clone(), range);
            let kind = match literal {
                Some(literal) if index == 0 => {
                    if self.options.optimize < 2 {
                        let constant = self.docstring_constant(literal);
                        doc = Some(constant.clone());
                        self.constant(constant, literal.range);
                        self.store("__doc__", literal.range);
                    }
                    StatementKind::Docstring
                }
                _ => {
                    self.statement(statement);
                    kind(statement)
                }
            };
            self.constant(Constant::None, range);
            self.emit(I::Return, range);
            let code = self.leave();
            let mut binds: Vec<Name> = self.binds.iter().map(|&id| self.names.get(id).clone()).collect();
            binds.sort();
            statements.push(TopLevel { range, kind, code, binds });
        }
        (statements, doc)
    }
}

fn kind(statement: &Stmt) -> StatementKind {
    match statement {
        Stmt::ImportFrom(node) if node.level == 0 && node.module.as_deref() == Some("__future__") => {
            StatementKind::Future
        }
        Stmt::Import(_) | Stmt::ImportFrom(_) => StatementKind::Import,
        Stmt::FunctionDef(_) => StatementKind::Function,
        Stmt::ClassDef(_) => StatementKind::Class,
        Stmt::Assign(_) | Stmt::AugAssign(_) | Stmt::AnnAssign(_) | Stmt::TypeAlias(_) => StatementKind::Assignment,
        Stmt::Expr(_) => StatementKind::Expression,
        Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::Try(_) | Stmt::With(_) | Stmt::Match(_) => {
            StatementKind::Compound
        }
        _ => StatementKind::Other,
    }
}
