//! Import statements, and where they are.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{CmpOp, Expr, Stmt, UnaryOp};
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::ir::{ImportSite, Instruction as I, Name, Occasion};

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

/// The imports of a module body that run at import: statements, and calls that name a module.
pub(super) fn import_sites(body: &[Stmt]) -> Vec<ImportSite> {
    let mut sites = Vec::new();
    collect(body, Occasion::Always, &mut sites);
    sites
}

fn collect(body: &[Stmt], occasion: Occasion, sites: &mut Vec<ImportSite>) {
    for statement in body {
        match statement {
            Stmt::Import(node) => sites.extend(node.names.iter().map(|alias| ImportSite {
                range: if node.names.len() == 1 { node.range } else { alias.range },
                level: 0,
                module: alias.name.as_str().into(),
                names: Vec::new(),
                occasion,
            })),
            Stmt::ImportFrom(node) => sites.push(ImportSite {
                range: node.range,
                level: node.level,
                module: node.module.as_ref().map_or("", |module| module.as_str()).into(),
                names: node.names.iter().map(|alias| alias.name.as_str().into()).collect(),
                occasion,
            }),
            Stmt::ClassDef(node) => collect(&node.body, occasion, sites),
            Stmt::If(node) => collect_if(node, occasion, sites),
            Stmt::For(node) => {
                collect(&node.body, occasion, sites);
                collect(&node.orelse, occasion, sites);
            }
            Stmt::While(node) => {
                collect(&node.body, occasion, sites);
                collect(&node.orelse, occasion, sites);
            }
            Stmt::With(node) => collect(&node.body, occasion, sites),
            Stmt::Match(node) => node.cases.iter().for_each(|case| collect(&case.body, occasion, sites)),
            Stmt::Try(node) => {
                collect(&node.body, occasion, sites);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    collect(&handler.body, occasion, sites);
                }
                collect(&node.orelse, occasion, sites);
                collect(&node.finalbody, occasion, sites);
            }
            Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Expr(_) => {
                ImportCalls { occasion, sites: &mut *sites }.visit_stmt(statement);
            }
            _ => {}
        }
    }
}

/// Calls of `__import__` and `import_module` with a module's name. What they lead to is asked when they are evaluated;
/// here they are edges of the import graph.
struct ImportCalls<'s> {
    occasion: Occasion,
    sites: &'s mut Vec<ImportSite>,
}

impl<'a> Visitor<'a> for ImportCalls<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            self.sites.extend(import_call(call, self.occasion));
        }
        if !matches!(expression, Expr::Lambda(_)) {
            visitor::walk_expr(self, expression);
        }
    }
}

fn import_call(call: &ast::ExprCall, occasion: Occasion) -> Option<ImportSite> {
    let callee = match &*call.func {
        Expr::Name(node) => node.id.as_str(),
        Expr::Attribute(node) => node.attr.as_str(),
        _ => return None,
    };
    let Some(Expr::StringLiteral(name)) = call.arguments.args.first() else { return None };
    let name = name.value.to_str();
    let is_name = name.split('.').all(|part| !part.is_empty());
    (matches!(callee, "__import__" | "import_module") && is_name).then(|| ImportSite {
        range: call.range(),
        level: 0,
        module: name.into(),
        names: Vec::new(),
        occasion,
    })
}

fn collect_if(node: &ast::StmtIf, occasion: Occasion, sites: &mut Vec<ImportSite>) {
    // A branch runs if its own test holds and those before it don't.
    let (when_true, mut when_false) = occasions(&node.test);
    collect(&node.body, occasion.max(when_true), sites);
    for clause in &node.elif_else_clauses {
        let (when_true, later) = clause.test.as_ref().map_or((Occasion::Always, Occasion::Always), occasions);
        collect(&clause.body, occasion.max(when_false).max(when_true), sites);
        when_false = when_false.max(later);
    }
}

/// When what follows a test that holds is carried out, and what follows one that does not hold.
fn occasions(test: &Expr) -> (Occasion, Occasion) {
    match test {
        Expr::UnaryOp(node) if node.op == UnaryOp::Not => {
            let (when_true, when_false) = occasions(&node.operand);
            (when_false, when_true)
        }
        _ if is_type_checking(test) => (Occasion::Never, Occasion::Always),
        Expr::Compare(node) => match (&*node.ops, &*node.comparators) {
            ([CmpOp::Eq], [right]) if are_name_and_main(&node.left, right) => (Occasion::Script, Occasion::Always),
            ([CmpOp::NotEq], [right]) if are_name_and_main(&node.left, right) => (Occasion::Always, Occasion::Script),
            _ => (Occasion::Always, Occasion::Always),
        },
        _ => (Occasion::Always, Occasion::Always),
    }
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(node) => node.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(node) => {
            let typing = matches!(&*node.value, Expr::Name(module) if matches!(module.id.as_str(), "typing" | "t" | "typing_extensions"));
            typing && node.attr.as_str() == "TYPE_CHECKING"
        }
        _ => false,
    }
}

/// `__name__` and `"__main__"`, in either order.
fn are_name_and_main(left: &Expr, right: &Expr) -> bool {
    let is_name = |side: &Expr| matches!(side, Expr::Name(node) if node.id.as_str() == "__name__");
    let is_main = |side: &Expr| matches!(side, Expr::StringLiteral(node) if node.value.to_str() == "__main__");
    is_name(left) && is_main(right) || is_main(left) && is_name(right)
}
