//! First step: `symtable_visit_*` of `symtable.c`.

use std::cell::RefCell;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, ExprContext, Pattern, Stmt};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::{Built, MODULE, Scope, ScopeId, ScopeKind, SymbolTable, flag, node_key};
use crate::error::SyntaxError;
use crate::names::{
    CLASS, CLASSDICT, DEBUG, DEFAULTS, GENERIC_BASE, ITERATOR, KEYWORD_DEFAULTS, NameId, Names, SUPER, TYPE_PARAMS,
    mangle,
};
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
    current: ScopeId,
    /// Loops around the current statement within its function.
    pub(super) loops: u32,
    pub(super) future_annotations: bool,
    checker: SemanticSyntaxChecker,
    pub(super) errors: RefCell<Vec<SyntaxError>>,
    declarations: FxHashMap<(ScopeId, NameId), TextRange>,
}

impl Builder<'_> {
    pub(super) fn scope(&self) -> &Scope {
        self.table.scope(self.current)
    }

    fn scope_mut(&mut self) -> &mut Scope {
        &mut self.table.scopes[self.current.0 as usize]
    }

    fn error(&self, message: impl Into<String>, range: TextRange) {
        self.errors.borrow_mut().push(SyntaxError::invalid(message, range));
    }

    /// Interns a name, mangled as the current scope asks.
    fn intern(&mut self, name: &str) -> NameId {
        if name.starts_with("__")
            && let Some(class) = self.scope().class
        {
            let mangled = mangle(Some(self.names.get(class)), name).into_owned();
            return self.names.intern(&mangled);
        }
        self.names.intern(name)
    }

    fn add(&mut self, name: &str, flags: u16) -> NameId {
        let id = self.intern(name);
        self.table.add(self.current, id, flags);
        id
    }

    fn bind(&mut self, name: &ast::Identifier) {
        self.add(name.as_str(), flag::LOCAL);
    }

    fn within(&mut self, kind: ScopeKind, key: usize, class: Option<NameId>, f: impl FnOnce(&mut Self)) -> ScopeId {
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

    fn check_expression(&mut self, expression: &Expr) {
        let mut checker = std::mem::take(&mut self.checker);
        checker.visit_expr(expression, self);
        self.checker = checker;
    }

    fn check_statement(&mut self, statement: &Stmt) {
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

    fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        with_one_more_level(|| self.statement_here(statement));
    }

    fn statement_here(&mut self, statement: &Stmt) {
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

    fn loop_body(&mut self, body: &[Stmt]) {
        self.loops += 1;
        self.statements(body);
        self.loops -= 1;
    }

    fn alias(&mut self, alias: &ast::Alias) {
        let name = match &alias.asname {
            Some(name) => name.as_str(),
            None => alias.name.split('.').next().unwrap_or_default(),
        };
        self.add(name, flag::LOCAL);
    }

    fn try_statement(&mut self, node: &ast::StmtTry) {
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
    fn declare(&mut self, identifiers: &[ast::Identifier], kind: u16) {
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

    fn annotated_assignment(&mut self, node: &ast::StmtAnnAssign) {
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

    /// Under `from __future__ import annotations` annotations are strings: their names count for nothing.
    fn annotation(&mut self, annotation: &Expr) {
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

    fn function(&mut self, node: &ast::StmtFunctionDef) {
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

    fn class(&mut self, node: &ast::StmtClassDef) {
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

    fn type_alias(&mut self, node: &ast::StmtTypeAlias) {
        self.expression(&node.name);
        let value = |builder: &mut Self| {
            let in_class = builder.sees_class();
            builder.within(ScopeKind::TypeParameters, node_key(node), None, |builder| {
                builder.see_class(in_class);
                builder.expression(&node.value);
            });
        };
        match &node.type_params {
            None => value(self),
            Some(type_params) => self.type_parameters(type_params, None, value),
        }
    }

    // ---- PEP 695

    /// Whether a PEP 695 scope opened here looks into a class namespace.
    fn sees_class(&self) -> bool {
        self.scope().kind == ScopeKind::Class || self.scope().sees_class
    }

    fn see_class(&mut self, sees: bool) {
        if sees {
            self.scope_mut().sees_class = true;
            self.table.add(self.current, CLASSDICT, flag::USE);
        }
    }

    /// `class` is the class whose type parameters these are: its name mangles theirs.
    fn type_parameters(&mut self, node: &ast::TypeParams, class: Option<NameId>, inner: impl FnOnce(&mut Self)) {
        let in_class = self.scope().kind == ScopeKind::Class;
        self.within(ScopeKind::TypeParameters, node_key(node), class, |builder| {
            builder.see_class(in_class);
            for parameter in &node.type_params {
                builder.add(parameter.name().as_str(), flag::LOCAL | flag::TYPE_PARAMETER);
                if let ast::TypeParam::TypeVar(variable) = parameter
                    && let Some(bound) = &variable.bound
                {
                    builder.type_variable_scope(bound, in_class);
                }
                if let Some(default) = parameter.default() {
                    builder.type_variable_scope(default, in_class);
                }
            }
            inner(builder);
        });
    }

    fn type_variable_scope(&mut self, expression: &Expr, in_class: bool) {
        self.within(ScopeKind::TypeParameters, node_key(expression), None, |builder| {
            builder.see_class(in_class);
            // `*Ts = *tuple[int]`
            match expression {
                Expr::Starred(starred) => builder.expression(&starred.value),
                _ => builder.expression(expression),
            }
        });
    }

    // ---- parameters and arguments

    fn defaults(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            self.optional(parameter.default.as_deref());
        }
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in annotated_parameters(parameters) {
            self.add(parameter.name.as_str(), flag::PARAMETER);
        }
    }

    fn arguments(&mut self, arguments: &ast::Arguments) {
        self.expressions(&arguments.args);
        for keyword in &arguments.keywords {
            if keyword.arg.as_deref() == Some("__debug__") {
                self.error("cannot assign to __debug__", keyword.range);
            }
            self.expression(&keyword.value);
        }
    }

    // ---- patterns

    /// `may_match_all`: no pattern comes after this one in its place (`allow_irrefutable`).
    fn pattern(&mut self, pattern: &Pattern, may_match_all: bool) {
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

    fn pattern_value(&mut self, value: &Expr) {
        if value.is_f_string_expr() || value.is_t_string_expr() {
            self.error("patterns may only match literals and attribute lookups", value.range());
        }
        self.expression(value);
    }

    // ---- expressions

    fn expressions(&mut self, expressions: &[Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn optional(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Name(node) => self.name(node),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            Expr::NumberLiteral(node) => self.number(node),
            _ => with_one_more_level(|| self.compound_expression(expression)),
        }
    }

    fn compound_expression(&mut self, expression: &Expr) {
        match expression {
            Expr::BoolOp(node) => self.expressions(&node.values),
            Expr::Named(node) => self.named(node),
            Expr::BinOp(node) => {
                self.expression(&node.left);
                self.expression(&node.right);
            }
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Lambda(node) => {
                self.check_expression(expression);
                if let Some(parameters) = &node.parameters {
                    self.defaults(parameters);
                }
                self.within(ScopeKind::Lambda, node_key(node), None, |builder| {
                    if let Some(parameters) = &node.parameters {
                        builder.parameters(parameters);
                    }
                    builder.expression(&node.body);
                });
            }
            Expr::If(node) => {
                self.expression(&node.test);
                self.expression(&node.body);
                self.expression(&node.orelse);
            }
            Expr::Dict(node) => {
                for item in &node.items {
                    self.optional(item.key.as_ref());
                    self.expression(&item.value);
                }
            }
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::ListComp(node) => {
                self.check_expression(expression);
                self.comprehension(node_key(node), &node.generators, &[Some(&node.elt)], false);
            }
            Expr::SetComp(node) => {
                self.check_expression(expression);
                self.comprehension(node_key(node), &node.generators, &[Some(&node.elt)], false);
            }
            Expr::DictComp(node) => {
                self.check_expression(expression);
                let key = node.key.as_deref();
                self.comprehension(node_key(node), &node.generators, &[key, Some(&node.value)], false);
            }
            Expr::Generator(node) => {
                self.check_expression(expression);
                self.comprehension(node_key(node), &node.generators, &[Some(&node.elt)], true);
            }
            Expr::Await(node) => {
                self.check_expression(expression);
                self.scope_mut().is_coroutine = true;
                self.expression(&node.value);
            }
            Expr::Yield(node) => {
                self.check_expression(expression);
                self.scope_mut().is_generator = true;
                self.optional(node.value.as_deref());
            }
            Expr::YieldFrom(node) => {
                self.check_expression(expression);
                self.scope_mut().is_generator = true;
                self.expression(&node.value);
            }
            Expr::Compare(node) => {
                self.expression(&node.left);
                self.expressions(&node.comparators);
            }
            Expr::Call(node) => {
                self.check_expression(expression);
                self.expression(&node.func);
                self.arguments(&node.arguments);
            }
            Expr::FString(node) => {
                for part in &node.value {
                    if let ast::FStringPart::FString(part) = part {
                        self.interpolated(&part.elements, 1);
                    }
                }
            }
            Expr::TString(node) => {
                for part in &node.value {
                    self.interpolated(&part.elements, 1);
                }
            }
            Expr::Attribute(node) => {
                if node.attr.as_str() == "__debug__" && !matches!(node.ctx, ExprContext::Load) {
                    self.error("cannot assign to __debug__", node.range);
                }
                self.expression(&node.value);
            }
            Expr::Subscript(node) => {
                self.expression(&node.value);
                self.expression(&node.slice);
            }
            Expr::Starred(node) => self.expression(&node.value),
            Expr::List(node) => {
                if !matches!(node.ctx, ExprContext::Load) {
                    self.check_expression(expression);
                }
                self.expressions(&node.elts);
            }
            Expr::Tuple(node) => {
                if !matches!(node.ctx, ExprContext::Load) {
                    self.check_expression(expression);
                }
                self.expressions(&node.elts);
            }
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref());
                self.optional(node.upper.as_deref());
                self.optional(node.step.as_deref());
            }
            _ => {}
        }
    }

    /// `depth` counts replacement fields within format specifications.
    fn interpolated(&mut self, elements: &ast::InterpolatedStringElements, depth: u32) {
        let deepest = if self.version >= (3, 12) { 3 } else { 2 };
        for element in elements {
            if let ast::InterpolatedStringElement::Interpolation(element) = element {
                if depth > deepest {
                    self.error("f-string: expressions nested too deeply", element.range);
                    return;
                }
                self.expression(&element.expression);
                if let Some(specification) = &element.format_spec {
                    self.interpolated(&specification.elements, depth + 1);
                }
            }
        }
    }

    fn name(&mut self, node: &ast::ExprName) {
        let load = matches!(node.ctx, ExprContext::Load);
        let name = self.add(node.id.as_str(), if load { flag::USE } else { flag::LOCAL });
        if name == DEBUG && !load {
            self.error("cannot assign to __debug__", node.range);
        }
        // Zero-argument `super` counts as a use of `__class__`.
        if load && name == SUPER && self.scope().kind.is_function_like() {
            self.table.add(self.current, CLASS, flag::USE);
        }
    }

    /// Integers of more than 4,300 decimal digits are refused (`sys.set_int_max_str_digits`).
    fn number(&mut self, node: &ast::ExprNumberLiteral) {
        if let ast::Number::Int(_) = &node.value
            && usize::from(node.range.len()) > 4300
        {
            let source = &self.text[node.range];
            let decimal = !source.starts_with("0x")
                && !source.starts_with("0X")
                && !source.starts_with("0b")
                && !source.starts_with("0B")
                && !source.starts_with("0o")
                && !source.starts_with("0O");
            if decimal && source.bytes().filter(u8::is_ascii_digit).count() > 4300 {
                self.error("Exceeds the limit (4300 digits) for integer string conversion", node.range);
            }
        }
    }

    /// An assignment expression binds in the function or module around the comprehensions it stands in
    /// (`symtable_extend_namedexpr_scope`).
    fn named(&mut self, node: &ast::ExprNamed) {
        if let Expr::Name(target) = &*node.target
            && self.scope().kind.is_comprehension()
        {
            let name = self.intern(target.id.as_str());
            let mut around = self.scope().parent;
            while let Some(id) = around {
                let scope = self.table.scope(id);
                let (kind, parent) = (scope.kind, scope.parent);
                match kind {
                    ScopeKind::Comprehension | ScopeKind::GeneratorExpression => around = parent,
                    ScopeKind::Function { .. } | ScopeKind::Lambda => {
                        let global = self.table.flags(id, name) & flag::GLOBAL != 0;
                        self.table.add(self.current, name, if global { flag::GLOBAL } else { flag::NONLOCAL });
                        self.table.add(id, name, flag::LOCAL);
                        self.declarations.insert((self.current, name), target.range);
                        break;
                    }
                    ScopeKind::Module => {
                        self.table.add(self.current, name, flag::GLOBAL);
                        self.table.add(id, name, flag::GLOBAL);
                        break;
                    }
                    ScopeKind::Class => {
                        let message = "assignment expression within a comprehension cannot be used in a class body";
                        self.error(message, node.range);
                        break;
                    }
                    ScopeKind::TypeParameters => {
                        let message = "assignment expression within a comprehension cannot be used within the definition of a generic";
                        self.error(message, node.range);
                        break;
                    }
                }
            }
        }
        self.expression(&node.value);
        self.expression(&node.target);
    }

    fn comprehension(
        &mut self,
        key: usize,
        generators: &[ast::Comprehension],
        elements: &[Option<&Expr>],
        is_generator: bool,
    ) {
        let Some((first, rest)) = generators.split_first() else { return };
        if self.version == (3, 12) && self.scope().sees_class {
            self.error("Cannot use comprehension in annotation scope within class scope", first.range);
        }
        self.expression(&first.iter);
        let kind = if is_generator { ScopeKind::GeneratorExpression } else { ScopeKind::Comprehension };
        let inner = self.within(kind, key, None, |builder| {
            builder.table.add(builder.current, ITERATOR, flag::PARAMETER);
            if is_generator {
                builder.scope_mut().is_generator = true;
            }
            for (index, generator) in std::iter::once(first).chain(rest).enumerate() {
                if generator.is_async {
                    builder.scope_mut().is_coroutine = true;
                }
                builder.expression(&generator.target);
                if index > 0 {
                    builder.expression(&generator.iter);
                }
                builder.expressions(&generator.ifs);
            }
            for element in elements {
                builder.optional(*element);
            }
        });
        if !is_generator && self.table.scope(inner).is_coroutine {
            // An asynchronous comprehension is awaited where it stands.
            let message = "asynchronous comprehension outside of an asynchronous function";
            let place = self.scope().kind;
            let allowed = match place {
                ScopeKind::Function { is_async } => is_async,
                kind => kind.is_comprehension(),
            };
            if allowed {
                self.scope_mut().is_coroutine = true;
            } else if self.errors.borrow().is_empty() {
                self.error(message, first.range);
            }
        }
    }
}

/// In the order of `co_varnames`.
fn annotated_parameters(parameters: &ast::Parameters) -> impl Iterator<Item = &ast::Parameter> {
    parameters
        .posonlyargs
        .iter()
        .chain(&parameters.args)
        .chain(&parameters.kwonlyargs)
        .map(|parameter| &parameter.parameter)
        .chain(parameters.vararg.as_deref())
        .chain(parameters.kwarg.as_deref())
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
