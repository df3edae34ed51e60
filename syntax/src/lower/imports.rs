//! Import statements, and where they are.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::{Expr, Stmt, UnaryOp};

use super::Lowerer;
use crate::ir::{ImportSite, Instruction as I, Name};

impl<'a> Lowerer<'a> {
    pub(super) fn import(&mut self, node: &'a ast::StmtImport) {
        for alias in &node.names {
            let range = alias.range;
            let module = self.mangled(alias.name.as_str());
            self.emit(I::ImportName { level: 0, module, names: self.no_keywords.clone() }, range);
            match &alias.asname {
                None => {
                    let top = alias.name.split('.').next().unwrap_or_default();
                    self.store(top, range);
                }
                Some(name) => {
                    for part in alias.name.split('.').skip(1) {
                        let part = self.mangled(part);
                        self.emit(I::ImportFrom(part), range);
                        self.emit(I::Swap, range);
                        self.emit(I::Pop, range);
                    }
                    self.store(name.as_str(), name.range);
                }
            }
        }
    }

    pub(super) fn import_from(&mut self, node: &'a ast::StmtImportFrom) {
        let range = node.range;
        let names: Arc<[Name]> = node.names.iter().map(|alias| Name::from(alias.name.as_str())).collect();
        let module = self.mangled(node.module.as_ref().map_or("", |module| module.as_str()));
        self.emit(I::ImportName { level: node.level, module, names }, range);
        if node.names.first().is_some_and(|alias| alias.name.as_str() == "*") {
            self.emit(I::ImportStar, range);
            return;
        }
        for alias in &node.names {
            let name = self.mangled(alias.name.as_str());
            self.emit(I::ImportFrom(name), alias.range);
            let target = alias.asname.as_ref().unwrap_or(&alias.name);
            self.store(target.as_str(), target.range);
        }
        self.emit(I::Pop, range);
    }
}

/// The import statements of a module body that run at import.
pub(super) fn import_sites(body: &[Stmt]) -> Vec<ImportSite> {
    let mut sites = Vec::new();
    collect(body, false, &mut sites);
    sites
}

fn collect(body: &[Stmt], type_checking: bool, sites: &mut Vec<ImportSite>) {
    for statement in body {
        match statement {
            Stmt::Import(node) => sites.extend(node.names.iter().map(|alias| ImportSite {
                range: if node.names.len() == 1 { node.range } else { alias.range },
                level: 0,
                module: alias.name.as_str().into(),
                names: Vec::new(),
                type_checking,
            })),
            Stmt::ImportFrom(node) => sites.push(ImportSite {
                range: node.range,
                level: node.level,
                module: node.module.as_ref().map_or("", |module| module.as_str()).into(),
                names: node.names.iter().map(|alias| alias.name.as_str().into()).collect(),
                type_checking,
            }),
            Stmt::ClassDef(node) => collect(&node.body, type_checking, sites),
            Stmt::If(node) => collect_if(node, type_checking, sites),
            Stmt::For(node) => {
                collect(&node.body, type_checking, sites);
                collect(&node.orelse, type_checking, sites);
            }
            Stmt::While(node) => {
                collect(&node.body, type_checking, sites);
                collect(&node.orelse, type_checking, sites);
            }
            Stmt::With(node) => collect(&node.body, type_checking, sites),
            Stmt::Match(node) => node.cases.iter().for_each(|case| collect(&case.body, type_checking, sites)),
            Stmt::Try(node) => {
                collect(&node.body, type_checking, sites);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    collect(&handler.body, type_checking, sites);
                }
                collect(&node.orelse, type_checking, sites);
                collect(&node.finalbody, type_checking, sites);
            }
            _ => {}
        }
    }
}

fn collect_if(node: &ast::StmtIf, type_checking: bool, sites: &mut Vec<ImportSite>) {
    // Once a branch has tested `not TYPE_CHECKING`, the branches after it never run.
    let (when_true, mut when_false) = never_runs(&node.test);
    collect(&node.body, type_checking || when_true, sites);
    for clause in &node.elif_else_clauses {
        let (when_true, later) = clause.test.as_ref().map_or((false, false), never_runs);
        collect(&clause.body, type_checking || when_false || when_true, sites);
        when_false |= later;
    }
}

/// Whether what follows a test that holds, or one that does not hold, is for type checkers only.
fn never_runs(test: &Expr) -> (bool, bool) {
    match test {
        Expr::UnaryOp(node) if node.op == UnaryOp::Not => {
            let (when_true, when_false) = never_runs(&node.operand);
            (when_false, when_true)
        }
        Expr::Name(node) => (node.id.as_str() == "TYPE_CHECKING", false),
        Expr::Attribute(node) => {
            let typing = matches!(&*node.value, Expr::Name(module) if matches!(module.id.as_str(), "typing" | "t" | "typing_extensions"));
            (typing && node.attr.as_str() == "TYPE_CHECKING", false)
        }
        _ => (false, false),
    }
}
