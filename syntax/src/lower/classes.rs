//! Class statements (`compiler_class`).

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_text_size::TextRange;

use super::Lowerer;
use super::names::Access;
use super::statements::{docstring, end_of, has_annotations};
use crate::ir::{CodeId, CodeKind, Constant, FunctionParts, Instruction as I};
use crate::names::{CLASS, CLASSDICT, GENERIC_BASE, TYPE_PARAMS};
use crate::symbols::{ScopeId, node_key};

impl<'a> Lowerer<'a> {
    pub(super) fn class(&mut self, node: &'a ast::StmtClassDef) {
        let range = self.definition_range(node.range, &node.decorator_list);
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression);
        }
        match &node.type_params {
            None => self.class_object(node, range),
            Some(type_params) => self.generic_class(node, type_params, range),
        }
        self.decorate(&node.decorator_list);
        self.store(node.name.as_str(), node.name.range);
    }

    /// `class C[T]`: a hidden function holds the type parameters and makes the class.
    fn generic_class(&mut self, node: &'a ast::StmtClassDef, type_params: &'a ast::TypeParams, range: TextRange) {
        let key = node_key(type_params);
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                let name = format!("<generic parameters of {}>", node.name.as_str());
                self.enter(scope, CodeKind::TypeParameters, Arc::from(name), node.range);
                self.type_parameters(type_params);
                self.access(TYPE_PARAMS, Access::Store, range);
                self.class_object(node, range);
                self.emit(I::Return, range);
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.make_function(code, scope, FunctionParts::default(), range);
        self.emit(I::Call { positional: 0, keywords: self.no_keywords.clone() }, range);
    }

    /// The body's function and the call of `__build_class__`.
    fn class_object(&mut self, node: &'a ast::StmtClassDef, range: TextRange) {
        let key = node_key(node);
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                let code = self.class_body(node, scope);
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.emit(I::LoadBuildClass, range);
        self.make_function(code, scope, FunctionParts::default(), range);
        self.constant(Constant::Str(node.name.as_str().into()), node.name.range);
        let last = node.type_params.is_some().then_some(GENERIC_BASE);
        if last.is_some() {
            self.load_type_params(range);
            self.emit(I::SubscriptGeneric, range);
            self.access(GENERIC_BASE, Access::Store, range);
        }
        let (bases, keywords) = match &node.arguments {
            Some(arguments) => (&arguments.args[..], &arguments.keywords[..]),
            None => (&[][..], &[][..]),
        };
        self.call_with(2, bases, keywords, last, range);
    }

    fn class_body(&mut self, node: &'a ast::StmtClassDef, scope: ScopeId) -> CodeId {
        let name = self.names.intern(node.name.as_str());
        let name = self.names.get(name).clone();
        self.enter(scope, CodeKind::Class, name, node.range);
        let start = node.name.range;
        self.emit(I::ClassPrologue, start);
        if node.type_params.is_some() {
            self.load_type_params(start);
            self.emit(I::StoreName(Arc::from("__type_params__")), start);
        }
        let (needs_cell, needs_dict) = {
            let scope = self.table.scope(scope);
            (scope.needs_class_cell, scope.needs_class_dict)
        };
        if needs_dict {
            self.emit(I::LoadNamespace, start);
            let cell = self.cell(CLASSDICT, true);
            self.emit(I::StoreCell(cell), start);
        }
        if has_annotations(&node.body) {
            self.emit(I::SetupAnnotations, start);
        }
        let mut body = &node.body[..];
        if let Some(literal) = docstring(body)
            && self.options.optimize < 2
        {
            let constant = self.docstring_constant(literal);
            self.unit().docstring = Some(constant.clone());
            self.constant(constant, literal.range);
            self.emit(I::StoreName(Arc::from("__doc__")), literal.range);
            body = &body[1..];
        }
        self.statements(body);
        let end = end_of(node.range);
        self.emit(I::ClassEpilogue, end);
        if needs_dict {
            let cell = self.cell(CLASSDICT, true);
            self.emit(I::LoadClosure(cell), end);
            self.emit(I::StoreName(Arc::from("__classdictcell__")), end);
        }
        if needs_cell {
            let cell = self.cell(CLASS, true);
            self.emit(I::LoadClosure(cell), end);
            self.emit(I::Duplicate, end);
            self.emit(I::StoreName(Arc::from("__classcell__")), end);
        } else {
            self.constant(Constant::None, end);
        }
        self.emit(I::Return, end);
        self.leave()
    }
}
