//! First step: `symtable_visit_stmt` of `symtable.c`.

use std::cell::RefCell;

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::{Built, MODULE, Scope, ScopeId, ScopeKind, SymbolTable, flag, node_key};
use crate::error::SyntaxError;
use crate::names::{DEBUG, DEFAULTS, GENERIC_BASE, KEYWORD_DEFAULTS, NameId, Names, TYPE_PARAMS, mangle};
use crate::stack::with_one_more_level;

/// Builds and resolves the symbol table of a module, and checks the rules that CPython checks
/// between parsing and code generation.
pub(crate) fn build(module: &ast::ModModule, text: &str, version: (u8, u8)) -> Built {
    let mut builder = Builder {
        text,
        version,
        names: Names::new(),
        table: SymbolTable { scopes: Vec::new(), symbols: FxHashMap::default(), by_node: FxHashMap::default() },
        current: MODULE,
        loops: 0,
        future_annotations: has_future_annotations(module, version),
        checker: SemanticSyntaxChecker::new(),
        errors: RefCell::new(Vec::new()),
        declarations: FxHashMap::default(),
    };
    builder.table.scopes.push(new_scope(ScopeKind::Module, None, None));
    builder.statements(&module.body);
    let Builder { mut table, names, errors, declarations, future_annotations, .. } = builder;
    let mut errors = errors.into_inner();
    super::resolve::resolve(&mut table, &names, &declarations, &mut errors);
    Built { table, names, errors, future_annotations }
}

/// `from __future__ import annotations`, which must stand at the top.
fn has_future_annotations(module: &ast::ModModule, version: (u8, u8)) -> bool {
    for statement in &module.body {
        match statement {
            Stmt::ImportFrom(import) if is_future_import(import, version) => {
                if import.names.iter().any(|alias| alias.name.as_str() == "annotations") {
                    return true;
                }
            }
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => {}
            _ => return false,
        }
    }
    false
}

/// Up to 3.12 CPython took `from .__future__ import …` for one too.
fn is_future_import(import: &ast::StmtImportFrom, version: (u8, u8)) -> bool {
    import.module.as_deref() == Some("__future__") && (import.level == 0 || version < (3, 13))
}

fn new_scope(kind: ScopeKind, parent: Option<ScopeId>, class: Option<NameId>) -> Scope {
    Scope {
        kind,
        parent,
        class,
        names: Vec::new(),
        is_generator: false,
        is_coroutine: false,
        sees_class: false,
        needs_class_cell: false,
        needs_class_dict: false,
        own_cells: Vec::new(),
        free: Vec::new(),
    }
}

pub(super) struct Builder<'a> {
    pub(super) text: &'a str,
    pub(super) version: (u8, u8),
    pub(super) names: Names,
    pub(super) table: SymbolTable,
    pub(super) current: ScopeId,
    /// Loops around the current statement within its function.
    pub(super) loops: u32,
    pub(super) future_annotations: bool,
    checker: SemanticSyntaxChecker,
    pub(super) errors: RefCell<Vec<SyntaxError>>,
    pub(super) declarations: FxHashMap<(ScopeId, NameId), TextRange>,
}

impl Builder<'_> {
    pub(super) fn scope(&self) -> &Scope {
        self.table.scope(self.current)
    }

    pub(super) fn scope_mut(&mut self) -> &mut Scope {
        &mut self.table.scopes[self.current.0 as usize]
    }

    pub(super) fn error(&self, message: impl Into<String>, range: TextRange) {
        self.errors.borrow_mut().push(SyntaxError::invalid(message, range));
    }

    /// Interns a name, mangled as the current scope asks.
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        if name.starts_with("__")
            && let Some(class) = self.scope().class
        {
            let mangled = mangle(Some(self.names.get(class)), name).into_owned();
            return self.names.intern(&mangled);
        }
        self.names.intern(name)
    }

    pub(super) fn add(&mut self, name: &str, flags: u16) -> NameId {
        let id = self.intern(name);
        self.table.add(self.current, id, flags);
        id
    }

    pub(super) fn bind(&mut self, name: &ast::Identifier) {
        self.add(name.as_str(), flag::LOCAL);
    }

    pub(super) fn within(
        &mut self,
        kind: ScopeKind,
        key: usize,
        class: Option<NameId>,
        f: impl FnOnce(&mut Self),
    ) -> ScopeId {
        let id = ScopeId(self.table.scopes.len() as u32);
        let outer = self.current;
        self.table.scopes.push(new_scope(kind, Some(outer), class.or(self.scope().class)));
        self.table.by_node.insert(key, id);
        self.current = id;
        let loops = std::mem::take(&mut self.loops);
        f(self);
        self.loops = loops;
        self.current = outer;
        id
    }

    pub(super) fn check_expression(&mut self, expression: &Expr) {
        let mut checker = std::mem::take(&mut self.checker);
        checker.visit_expr(expression, self);
        self.checker = checker;
    }

    pub(super) fn check_statement(&mut self, statement: &Stmt) {
        let mut checker = std::mem::take(&mut self.checker);
        match statement {
            // The checker takes every `__future__` for the one.
            Stmt::ImportFrom(import) if import.level > 0 && !is_future_import(import, self.version) => {
                let range = import.range;
                let pass = Stmt::Pass(ast::StmtPass { range, node_index: ast::AtomicNodeIndex::NONE });
                checker.visit_stmt(&pass, self);
            }
            _ => checker.visit_stmt(statement, self),
        }
        self.checker = checker;
    }

    // ---- statements

    pub(super) fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    pub(super) fn statement(&mut self, statement: &Stmt) {
        with_one_more_level(|| self.statement_here(statement));
    }

    pub(super) fn statement_here(&mut self, statement: &Stmt) {
        self.check_statement(statement);
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(node) => self.optional(node.value.as_deref()),
            Stmt::Delete(node) => self.expressions(&node.targets),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => {
                self.expressions(&node.targets);
                self.expression(&node.value);
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target);
                if let Expr::Name(name) = &*node.target {
                    self.add(name.id.as_str(), flag::USE);
                }
                self.expression(&node.value);
            }
            Stmt::AnnAssign(node) => self.annotated_assignment(node),
            Stmt::For(node) => {
                self.expression(&node.target);
                self.expression(&node.iter);
                self.loop_body(&node.body);
                self.statements(&node.orelse);
            }
            Stmt::While(node) => {
                self.expression(&node.test);
                self.loop_body(&node.body);
                self.statements(&node.orelse);
            }
            Stmt::If(node) => {
                self.expression(&node.test);
                self.statements(&node.body);
                for clause in &node.elif_else_clauses {
                    self.optional(clause.test.as_ref());
                    self.statements(&clause.body);
                }
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.expression(&item.context_expr);
                    self.optional(item.optional_vars.as_deref());
                }
                self.statements(&node.body);
            }
            Stmt::Match(node) => {
                self.expression(&node.subject);
                for (index, case) in node.cases.iter().enumerate() {
                    let last = index + 1 == node.cases.len();
                    self.pattern(&case.pattern, last || case.guard.is_some());
                    self.optional(case.guard.as_deref());
                    self.statements(&case.body);
                }
            }
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref());
                self.optional(node.cause.as_deref());
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                self.expression(&node.test);
                self.optional(node.msg.as_deref());
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    self.alias(alias);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    if alias.name.as_str() != "*" {
                        self.alias(alias);
                    }
                }
            }
            Stmt::Global(node) => self.declare(&node.names, flag::GLOBAL),
            Stmt::Nonlocal(node) => {
                if self.current != MODULE {
                    self.declare(&node.names, flag::NONLOCAL);
                }
            }
            Stmt::Expr(node) => self.expression(&node.value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    pub(super) fn loop_body(&mut self, body: &[Stmt]) {
        self.loops += 1;
        self.statements(body);
        self.loops -= 1;
    }

    pub(super) fn alias(&mut self, alias: &ast::Alias) {
        let name = match &alias.asname {
            Some(name) => name.as_str(),
            None => alias.name.split('.').next().unwrap_or_default(),
        };
        self.add(name, flag::LOCAL);
    }

    pub(super) fn try_statement(&mut self, node: &ast::StmtTry) {
        self.statements(&node.body);
        for (index, ast::ExceptHandler::ExceptHandler(handler)) in node.handlers.iter().enumerate() {
            if handler.type_.is_none() && index + 1 < node.handlers.len() {
                self.error("default 'except:' must be last", handler.range);
            }
            self.optional(handler.type_.as_deref());
            if let Some(name) = &handler.name {
                self.bind(name);
            }
            self.statements(&handler.body);
        }
        self.statements(&node.orelse);
        self.statements(&node.finalbody);
    }

    /// `global` and `nonlocal`: the name must not have been used here before.
    pub(super) fn declare(&mut self, identifiers: &[ast::Identifier], kind: u16) {
        let word = if kind == flag::GLOBAL { "global" } else { "nonlocal" };
        for identifier in identifiers {
            let name = self.intern(identifier.as_str());
            let flags = self.table.flags(self.current, name);
            let problem = if flags & flag::PARAMETER != 0 {
                Some(format!("name '{identifier}' is parameter and {word}"))
            } else if flags & flag::USE != 0 {
                Some(format!("name '{identifier}' is used prior to {word} declaration"))
            } else if flags & flag::ANNOTATION != 0 {
                Some(format!("annotated name '{identifier}' can't be {word}"))
            } else if flags & flag::LOCAL != 0 {
                Some(format!("name '{identifier}' is assigned to before {word} declaration"))
            } else {
                None
            };
            if let Some(problem) = problem {
                self.error(problem, identifier.range);
            }
            self.table.add(self.current, name, kind);
            self.declarations.insert((self.current, name), identifier.range);
        }
    }

    pub(super) fn annotated_assignment(&mut self, node: &ast::StmtAnnAssign) {
        if let Expr::Name(target) = &*node.target {
            let name = self.intern(target.id.as_str());
            let flags = self.table.flags(self.current, name);
            if node.simple && self.current != MODULE && flags & (flag::GLOBAL | flag::NONLOCAL) != 0 {
                let word = if flags & flag::GLOBAL != 0 { "global" } else { "nonlocal" };
                self.error(format!("annotated name '{}' can't be {word}", target.id), target.range);
            }
            if node.simple {
                self.table.add(self.current, name, flag::ANNOTATION | flag::LOCAL);
            } else if node.value.is_some() {
                self.table.add(self.current, name, flag::LOCAL);
            }
            if name == DEBUG {
                self.error("cannot assign to __debug__", target.range);
            }
        } else {
            self.expression(&node.target);
        }
        self.annotation(&node.annotation);
        self.optional(node.value.as_deref());
    }

    pub(super) fn function(&mut self, node: &ast::StmtFunctionDef) {
        self.bind(&node.name);
        self.defaults(&node.parameters);
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression);
        }
        let kind = ScopeKind::Function { is_async: node.is_async };
        let inner = |builder: &mut Self| {
            for parameter in annotated_parameters(&node.parameters) {
                if let Some(annotation) = &parameter.annotation {
                    builder.annotation(annotation);
                }
            }
            if let Some(returns) = &node.returns {
                builder.annotation(returns);
            }
            builder.within(kind, node_key(node), None, |builder| {
                builder.scope_mut().is_coroutine = node.is_async;
                builder.parameters(&node.parameters);
                builder.statements(&node.body);
            });
        };
        match &node.type_params {
            None => inner(self),
            Some(type_params) => {
                let keyword_defaults = node.parameters.kwonlyargs.iter().any(|p| p.default.is_some());
                let defaults =
                    node.parameters.posonlyargs.iter().chain(&node.parameters.args).any(|p| p.default.is_some());
                self.type_parameters(type_params, None, |builder| {
                    if defaults {
                        builder.table.add(builder.current, DEFAULTS, flag::PARAMETER);
                    }
                    if keyword_defaults {
                        builder.table.add(builder.current, KEYWORD_DEFAULTS, flag::PARAMETER);
                    }
                    inner(builder);
                });
            }
        }
    }

    pub(super) fn class(&mut self, node: &ast::StmtClassDef) {
        self.bind(&node.name);
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression);
        }
        let class = self.names.intern(node.name.as_str());
        let inner = |builder: &mut Self| {
            if let Some(arguments) = &node.arguments {
                builder.arguments(arguments);
            }
            let generic = node.type_params.is_some();
            if generic {
                builder.table.add(builder.current, TYPE_PARAMS, flag::LOCAL | flag::USE);
                builder.table.add(builder.current, GENERIC_BASE, flag::LOCAL | flag::USE);
            }
            builder.within(ScopeKind::Class, node_key(node), Some(class), |builder| {
                if generic {
                    builder.table.add(builder.current, TYPE_PARAMS, flag::USE);
                }
                builder.statements(&node.body);
            });
        };
        match &node.type_params {
            None => inner(self),
            Some(type_params) => self.type_parameters(type_params, Some(class), inner),
        }
    }

    // ---- parameters and arguments

    pub(super) fn defaults(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            self.optional(parameter.default.as_deref());
        }
    }

    pub(super) fn parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in annotated_parameters(parameters) {
            self.add(parameter.name.as_str(), flag::PARAMETER);
        }
    }

    pub(super) fn arguments(&mut self, arguments: &ast::Arguments) {
        self.expressions(&arguments.args);
        for keyword in &arguments.keywords {
            if keyword.arg.as_deref() == Some("__debug__") {
                self.error("cannot assign to __debug__", keyword.range);
            }
            self.expression(&keyword.value);
        }
    }
}

/// In the order of `co_varnames`.
pub(super) fn annotated_parameters(parameters: &ast::Parameters) -> impl Iterator<Item = &ast::Parameter> {
    parameters
        .posonlyargs
        .iter()
        .chain(&parameters.args)
        .chain(&parameters.kwonlyargs)
        .map(|parameter| &parameter.parameter)
        .chain(parameters.vararg.as_deref())
        .chain(parameters.kwarg.as_deref())
}
