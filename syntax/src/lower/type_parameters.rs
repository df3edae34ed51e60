//! PEP 695: type parameters and type aliases (`compiler_type_params`, `compiler_typealias`).

use std::sync::Arc;

use ruff_python_ast::{self as ast, Expr, TypeParam};
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::ir::{CodeKind, Constant, FunctionParts, Instruction as I, Name, TypeParameterBound, TypeParameterKind};
use crate::symbols::node_key;

impl<'a> Lowerer<'a> {
    /// Makes and stores the type parameters. `[] → [tuple of them]`
    pub(super) fn type_parameters(&mut self, node: &'a ast::TypeParams) {
        for parameter in &node.type_params {
            let range = parameter.range();
            let mut bound = TypeParameterBound::None;
            let kind = match parameter {
                TypeParam::TypeVar(variable) => {
                    if let Some(expression) = &variable.bound {
                        bound = match &**expression {
                            Expr::Tuple(_) => TypeParameterBound::Constraints,
                            _ => TypeParameterBound::Bound,
                        };
                        self.lazy_value(node_key(&**expression), variable.name.as_str(), expression, false);
                    }
                    TypeParameterKind::TypeVar
                }
                TypeParam::TypeVarTuple(_) => TypeParameterKind::TypeVarTuple,
                TypeParam::ParamSpec(_) => TypeParameterKind::ParamSpec,
            };
            let name = parameter.name();
            let default = parameter.default();
            if let Some(default) = default {
                self.lazy_value(node_key(default), name.as_str(), default, false);
            }
            let constant: Name = name.as_str().into();
            self.emit(I::TypeParameter { name: constant, kind, bound, default: default.is_some() }, range);
            self.emit(I::Duplicate, range);
            self.store(name.as_str(), name.range);
        }
        self.emit(I::BuildTuple(node.type_params.len() as u32), node.range);
    }

    /// A function without parameters that computes a bound, default or alias value when it is asked for.
    fn lazy_value(&mut self, key: usize, name: &str, value: &'a Expr, is_alias: bool) {
        let range = value.range();
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                self.enter(scope, CodeKind::TypeParameters, Arc::from(name), range);
                self.unit().hides_in_names = !is_alias;
                match value {
                    // `*Ts = *tuple[int, ...]`
                    Expr::Starred(starred) => {
                        self.expression(&starred.value);
                        self.emit(I::UnpackSequence(1), range);
                    }
                    _ => self.expression(value),
                }
                self.emit(I::Return, range);
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.make_function(code, scope, FunctionParts::default(), range);
    }

    pub(super) fn type_alias(&mut self, node: &'a ast::StmtTypeAlias) {
        let Expr::Name(name) = &*node.name else {
            return self.error("invalid syntax", node.name.range());
        };
        let range = node.range;
        let constant = |lowerer: &mut Self| lowerer.constant(Constant::Str(name.id.as_str().into()), name.range);
        match &node.type_params {
            None => {
                constant(self);
                self.constant(Constant::None, range);
                self.lazy_value(node_key(node), name.id.as_str(), &node.value, true);
                self.emit(I::TypeAlias, range);
            }
            Some(type_params) => {
                let key = node_key(&**type_params);
                let Some(scope) = self.table.scope_by_key(key) else { return };
                let code = match self.code_of_node.get(&key) {
                    Some(&code) => code,
                    None => {
                        let hidden = format!("<generic parameters of {}>", name.id.as_str());
                        self.enter(scope, CodeKind::TypeParameters, Arc::from(hidden), range);
                        constant(self);
                        self.type_parameters(type_params);
                        self.lazy_value(node_key(node), name.id.as_str(), &node.value, true);
                        self.emit(I::TypeAlias, range);
                        self.emit(I::Return, range);
                        let code = self.leave();
                        self.code_of_node.insert(key, code);
                        code
                    }
                };
                self.make_function(code, scope, FunctionParts::default(), range);
                self.emit(I::Call { positional: 0, keywords: self.no_keywords.clone() }, range);
            }
        }
        self.store(name.id.as_str(), name.range);
    }
}
