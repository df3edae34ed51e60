//! Expressions (`symtable_visit_expr`).

use ruff_python_ast::{self as ast, Expr, ExprContext};

use super::build::Builder;
use super::{ScopeKind, flag, node_key};
use crate::names::{CLASS, DEBUG, ITERATOR, SUPER};
use crate::stack::with_one_more_level;

impl Builder<'_> {
    pub(super) fn expressions(&mut self, expressions: &[Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    pub(super) fn optional(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    pub(super) fn expression(&mut self, expression: &Expr) {
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

    pub(super) fn compound_expression(&mut self, expression: &Expr) {
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
    pub(super) fn interpolated(&mut self, elements: &ast::InterpolatedStringElements, depth: u32) {
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

    pub(super) fn name(&mut self, node: &ast::ExprName) {
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
    pub(super) fn number(&mut self, node: &ast::ExprNumberLiteral) {
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
    pub(super) fn named(&mut self, node: &ast::ExprNamed) {
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

    pub(super) fn comprehension(
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
