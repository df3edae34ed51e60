//! PEP 695: scopes of type parameters and type aliases.

use ruff_python_ast::{self as ast, Expr};

use super::build::Builder;
use super::{ScopeKind, flag, node_key};
use crate::names::{CLASSDICT, NameId};

impl Builder<'_> {
    pub(super) fn type_alias(&mut self, node: &ast::StmtTypeAlias) {
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

    /// Whether a PEP 695 scope opened here looks into a class namespace.
    pub(super) fn sees_class(&self) -> bool {
        self.scope().kind == ScopeKind::Class || self.scope().sees_class
    }

    pub(super) fn see_class(&mut self, sees: bool) {
        if sees {
            self.scope_mut().sees_class = true;
            self.table.add(self.current, CLASSDICT, flag::USE);
        }
    }

    /// `class` is the class whose type parameters these are: its name mangles theirs.
    pub(super) fn type_parameters(
        &mut self,
        node: &ast::TypeParams,
        class: Option<NameId>,
        inner: impl FnOnce(&mut Self),
    ) {
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

    pub(super) fn type_variable_scope(&mut self, expression: &Expr, in_class: bool) {
        self.within(ScopeKind::TypeParameters, node_key(expression), None, |builder| {
            builder.see_class(in_class);
            // `*Ts = *tuple[int]`
            match expression {
                Expr::Starred(starred) => builder.expression(&starred.value),
                _ => builder.expression(expression),
            }
        });
    }
}
