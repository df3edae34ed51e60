//! Functions and lambdas.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use super::names::Access;
use super::statements::{docstring, end_of};
use super::unwinding::Block;
use crate::ir::{CodeId, CodeKind, Constant, FunctionParts, Instruction as I, Parameters};
use crate::names::{DEFAULTS, KEYWORD_DEFAULTS, TYPE_PARAMS};
use crate::symbols::{ScopeId, node_key};

impl<'a> Lowerer<'a> {
    /// Decorators, defaults, annotations, the function, the decorators' calls, the name.
    pub(super) fn function(&mut self, node: &'a ast::StmtFunctionDef) {
        let range = self.definition_range(node.range, &node.decorator_list);
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression);
        }
        let mut parts = FunctionParts::default();
        self.defaults(&node.parameters, &mut parts, range);
        match &node.type_params {
            None => self.function_object(node, parts, range),
            Some(type_params) => self.generic_function(node, type_params, parts, range),
        }
        self.decorate(&node.decorator_list);
        self.store(node.name.as_str(), node.name.range);
    }

    /// From the keyword `def` or `class` to the end of the body.
    pub(super) fn definition_range(&self, range: TextRange, decorators: &[ast::Decorator]) -> TextRange {
        let Some(last) = decorators.last() else { return range };
        let after = last.range.end();
        let source = &self.text[TextRange::new(after, range.end())];
        // Only blank lines and comments stand between the last decorator and the keyword.
        let mut offset = 0;
        for line in source.split_inclusive(['\n', '\r']) {
            let code = line.trim_start_matches([' ', '\t', '\x0c']);
            if code.starts_with(|c: char| c.is_alphabetic()) {
                offset += line.len() - code.len();
                break;
            }
            offset += line.len();
        }
        let start = after + ruff_text_size::TextSize::try_from(offset).unwrap_or_default();
        TextRange::new(start.min(range.end()), range.end())
    }

    pub(super) fn decorate(&mut self, decorators: &[ast::Decorator]) {
        for decorator in decorators.iter().rev() {
            let call = I::Call { positional: 1, keywords: self.no_keywords.clone() };
            self.emit(call, decorator.expression.range());
        }
    }

    /// `def f[T]()`: a hidden function holds the type parameters.
    fn generic_function(
        &mut self,
        node: &'a ast::StmtFunctionDef,
        type_params: &'a ast::TypeParams,
        parts: FunctionParts,
        range: TextRange,
    ) {
        let count = u32::from(parts.defaults) + u32::from(parts.keyword_defaults);
        let key = node_key(type_params);
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                let name = format!("<generic parameters of {}>", node.name.as_str());
                self.enter(scope, CodeKind::TypeParameters, Arc::from(name), node.range);
                self.unit().parameters.positional = count;
                if parts.defaults {
                    self.slot(DEFAULTS);
                }
                if parts.keyword_defaults {
                    self.slot(KEYWORD_DEFAULTS);
                }
                self.type_parameters(type_params);
                if parts.defaults {
                    self.access(DEFAULTS, Access::Load, range);
                }
                if parts.keyword_defaults {
                    self.access(KEYWORD_DEFAULTS, Access::Load, range);
                }
                self.function_object(node, parts, range);
                self.emit(I::Swap, range);
                self.emit(I::SetTypeParameters, range);
                self.emit(I::Return, range);
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        // `[defaults?, keyword defaults?, function] → [function, defaults?, keyword defaults?]`
        self.make_function(code, scope, FunctionParts::default(), range);
        match count {
            1 => self.emit(I::Swap, range),
            2 => self.emit(I::RotateThree, range),
            _ => {}
        }
        self.emit(I::Call { positional: count, keywords: self.no_keywords.clone() }, range);
    }

    /// Annotations and the function itself; the defaults lie on the stack.
    fn function_object(&mut self, node: &'a ast::StmtFunctionDef, mut parts: FunctionParts, range: TextRange) {
        parts.annotations = self.annotations(node, range);
        let key = node_key(node);
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                let name = self.names.intern(node.name.as_str());
                let name = self.names.get(name).clone();
                self.enter(scope, CodeKind::Function, name, node.range);
                self.parameters(&node.parameters);
                let mut body = &node.body[..];
                if let Some(literal) = docstring(body) {
                    body = &body[1..];
                    if self.options.optimize < 2 {
                        let constant = self.docstring_constant(literal);
                        self.unit().docstring = Some(constant);
                    }
                }
                let Scope { is_generator, is_coroutine } = self.kinds(scope);
                if (is_generator || is_coroutine) && self.options.version >= (3, 12) {
                    self.push_block(Block::Generator, node.range);
                }
                self.statements(body);
                let end = end_of(node.range);
                self.constant(Constant::None, end);
                self.emit(I::Return, end);
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.make_function(code, scope, parts, range);
    }

    pub(super) fn lambda(&mut self, node: &'a ast::ExprLambda) {
        let mut parts = FunctionParts::default();
        if let Some(parameters) = &node.parameters {
            self.defaults(parameters, &mut parts, node.range);
        }
        let key = node_key(node);
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                self.enter(scope, CodeKind::Lambda, Arc::from("<lambda>"), node.range);
                if let Some(parameters) = &node.parameters {
                    self.parameters(parameters);
                }
                self.expression(&node.body);
                self.emit(I::Return, node.body.range());
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.make_function(code, scope, parts, node.range);
    }

    fn kinds(&self, scope: ScopeId) -> Scope {
        let scope = self.table.scope(scope);
        Scope { is_generator: scope.is_generator, is_coroutine: scope.is_coroutine }
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        self.unit().parameters = Parameters {
            positional_only: parameters.posonlyargs.len() as u32,
            positional: parameters.args.len() as u32,
            keyword_only: parameters.kwonlyargs.len() as u32,
            variadic: parameters.vararg.is_some(),
            keyword_variadic: parameters.kwarg.is_some(),
        };
        let plain = parameters.iter_non_variadic_params().map(|parameter| &parameter.parameter);
        for parameter in plain.chain(parameters.vararg.as_deref()).chain(parameters.kwarg.as_deref()) {
            let id = self.intern(parameter.name.as_str());
            self.unit().locals.push(id);
        }
    }

    /// `compiler_default_arguments`
    fn defaults(&mut self, parameters: &'a ast::Parameters, parts: &mut FunctionParts, range: TextRange) {
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let mut count = 0;
        for default in positional.filter_map(|parameter| parameter.default.as_deref()) {
            self.expression(default);
            count += 1;
        }
        if count > 0 {
            self.emit(I::BuildTuple(count), range);
            parts.defaults = true;
        }
        let mut count = 0;
        for parameter in &parameters.kwonlyargs {
            if let Some(default) = &parameter.default {
                let name = self.mangled(parameter.name().as_str());
                self.constant(Constant::Str(name), parameter.name().range);
                self.expression(default);
                count += 1;
            }
        }
        if count > 0 {
            self.emit(I::BuildMap(count), range);
            parts.keyword_defaults = true;
        }
    }

    /// `compiler_visit_annotations`: positional-only parameters come after the others.
    fn annotations(&mut self, node: &'a ast::StmtFunctionDef, range: TextRange) -> bool {
        let parameters = &*node.parameters;
        let plain =
            |parameters: &'a [ast::ParameterWithDefault]| parameters.iter().map(|parameter| &parameter.parameter);
        let all = plain(&parameters.args)
            .chain(plain(&parameters.posonlyargs))
            .chain(parameters.vararg.as_deref())
            .chain(plain(&parameters.kwonlyargs))
            .chain(parameters.kwarg.as_deref());
        let mut count = 0;
        for parameter in all {
            if let Some(annotation) = &parameter.annotation {
                let name = self.mangled(parameter.name.as_str());
                self.constant(Constant::Str(name), parameter.name.range);
                self.annotation(annotation);
                count += 1;
            }
        }
        if let Some(returns) = &node.returns {
            self.constant(Constant::Str(Arc::from("return")), returns.range());
            self.annotation(returns);
            count += 1;
        }
        if count > 0 {
            self.emit(I::BuildMap(count), range);
        }
        count > 0
    }

    /// An annotation's value: evaluated, or its text.
    pub(super) fn annotation(&mut self, annotation: &'a Expr) {
        if self.future_annotations {
            let constant = self.annotation_text(annotation);
            self.constant(constant, annotation.range());
            return;
        }
        match annotation {
            // `*args: *Ts` means the only element of `[*Ts]`.
            Expr::Starred(starred) => {
                self.expression(&starred.value);
                self.emit(I::UnpackSequence(1), starred.range);
            }
            _ => self.expression(annotation),
        }
    }

    /// The cells that a code takes, and the function. `[parts…] → [function]`
    pub(super) fn make_function(&mut self, code: CodeId, scope: ScopeId, mut parts: FunctionParts, range: TextRange) {
        let count = self.table.scope(scope).free.len();
        for index in 0..count {
            let name = self.table.scope(scope).free[index];
            let cell = self.cell(name, true);
            self.emit(I::LoadClosure(cell), range);
        }
        if count > 0 {
            self.emit(I::BuildTuple(count as u32), range);
            parts.closure = true;
        }
        self.emit(I::MakeFunction { code, parts }, range);
    }

    /// Type parameters lie in a tuple in the current hidden function's `.type_params`.
    pub(super) fn load_type_params(&mut self, range: TextRange) {
        self.access(TYPE_PARAMS, Access::Load, range);
    }
}

struct Scope {
    is_generator: bool,
    is_coroutine: bool,
}
