//! Statements (`compiler_visit_stmt`).

use ruff_python_ast as ast;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use super::exceptions::keyword_range;
use super::expressions::binary_operator;
use super::unwinding::Block;
use crate::depth::max_chain;
use crate::error::SyntaxError;
use crate::ir::{AsyncStep, CodeKind, Constant, Instruction as I};
use crate::stack::with_one_more_level;

impl<'a> Lowerer<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            if self.budget == 0 {
                return;
            }
            with_one_more_level(|| self.statement(statement));
        }
    }

    pub(super) fn statement(&mut self, statement: &'a Stmt) {
        let range = statement.range();
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Return(node) => self.return_statement(node),
            Stmt::Delete(node) => node.targets.iter().for_each(|target| self.delete_target(target)),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => {
                self.expression(&node.value);
                for (index, target) in node.targets.iter().enumerate() {
                    if index + 1 < node.targets.len() {
                        self.emit(I::Duplicate, range);
                    }
                    self.assign(target);
                }
            }
            Stmt::AugAssign(node) => self.augmented_assignment(node),
            Stmt::AnnAssign(node) => self.annotated_assignment(node),
            Stmt::For(node) if node.is_async => self.async_for(node),
            Stmt::For(node) => self.for_statement(node),
            Stmt::While(node) => self.while_statement(node),
            Stmt::If(node) => self.if_statement(node),
            Stmt::With(node) => self.with(node, &node.items),
            Stmt::Match(node) => self.match_statement(node),
            Stmt::Raise(node) => {
                let mut count = 0;
                for value in node.exc.iter().chain(&node.cause) {
                    self.expression(value);
                    count += 1;
                }
                self.emit(I::Raise(count), range);
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                if self.options.optimize == 0 {
                    let end = self.mark();
                    self.jump_if(&node.test, end, true);
                    self.emit(I::LoadAssertionError, range);
                    if let Some(message) = &node.msg {
                        self.expression(message);
                        self.emit(I::Call { positional: 1, keywords: self.no_keywords.clone() }, range);
                    }
                    self.emit(I::Raise(1), range);
                    self.place(end);
                }
            }
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
            // CPython leaves out constants that stand as statements.
            Stmt::Expr(node) if is_constant(&node.value) => {}
            Stmt::Expr(node) => {
                self.expression(&node.value);
                self.emit(I::Pop, range);
            }
            Stmt::Break(_) => match self.unwind(false, true, range) {
                Some(block @ (Block::ForLoop { end, .. } | Block::WhileLoop { end, .. })) => {
                    self.unwind_block(block, false, range);
                    self.jump(I::Jump, end, range);
                }
                _ => self.error("'break' outside loop", range),
            },
            Stmt::Continue(_) => match self.unwind(false, true, range) {
                Some(Block::ForLoop { start, .. } | Block::WhileLoop { start, .. }) => {
                    self.jump(I::Jump, start, range);
                }
                _ => self.error("'continue' not properly in loop", range),
            },
        }
    }

    fn return_statement(&mut self, node: &'a ast::StmtReturn) {
        match &node.value {
            Some(value) if !is_constant(value) => {
                self.expression(value);
                self.unwind(true, false, node.range);
            }
            value => {
                self.unwind(false, false, node.range);
                match value {
                    Some(value) => self.expression(value),
                    None => self.constant(Constant::None, node.range),
                }
            }
        }
        self.emit(I::Return, node.range);
    }

    fn augmented_assignment(&mut self, node: &'a ast::StmtAugAssign) {
        let range = node.range;
        let operator = binary_operator(node.op);
        match &*node.target {
            Expr::Attribute(target) => {
                let name = self.mangled(target.attr.as_str());
                self.expression(&target.value);
                self.emit(I::Duplicate, target.range);
                self.emit(I::LoadAttribute(name.clone()), target.range);
                self.expression(&node.value);
                self.emit(I::InPlace(operator), range);
                self.emit(I::Swap, target.range);
                self.emit(I::StoreAttribute(name), target.range);
            }
            Expr::Subscript(target) => {
                self.expression(&target.value);
                self.expression(&target.slice);
                self.emit(I::DuplicateTwo, target.range);
                self.emit(I::LoadSubscript, target.range);
                self.expression(&node.value);
                self.emit(I::InPlace(operator), range);
                self.emit(I::RotateThree, target.range);
                self.emit(I::StoreSubscript, target.range);
            }
            Expr::Name(target) => {
                self.load(target.id.as_str(), target.range);
                self.expression(&node.value);
                self.emit(I::InPlace(operator), range);
                self.store(target.id.as_str(), target.range);
            }
            target => self.error("illegal expression for augmented assignment", target.range()),
        }
    }

    /// `compiler_annassign`
    fn annotated_assignment(&mut self, node: &'a ast::StmtAnnAssign) {
        if let Some(value) = &node.value {
            self.expression(value);
            self.assign(&node.target);
        }
        let evaluated = matches!(self.current().kind, CodeKind::TopLevel | CodeKind::Class);
        match &*node.target {
            Expr::Name(target) if node.simple && evaluated => {
                self.annotation(&node.annotation);
                let name = self.mangled(target.id.as_str());
                self.emit(I::StoreAnnotation(name), node.range);
            }
            Expr::Attribute(target) if node.value.is_none() => self.evaluate_and_drop(&target.value),
            Expr::Subscript(target) if node.value.is_none() => {
                self.evaluate_and_drop(&target.value);
                self.evaluate_subscript_and_drop(&target.slice);
            }
            _ => {}
        }
        if !node.simple && evaluated && !self.future_annotations {
            self.evaluate_and_drop(&node.annotation);
        }
    }

    fn evaluate_and_drop(&mut self, expression: &'a Expr) {
        self.expression(expression);
        self.emit(I::Pop, expression.range());
    }

    /// `check_ann_subscr`: the parts of slices, without making slices or tuples of them.
    fn evaluate_subscript_and_drop(&mut self, subscript: &'a Expr) {
        match subscript {
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.evaluate_and_drop(part);
                }
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|part| self.evaluate_subscript_and_drop(part)),
            _ => self.evaluate_and_drop(subscript),
        }
    }

    fn for_statement(&mut self, node: &'a ast::StmtFor) {
        let range = node.iter.range();
        let (exhausted, end) = (self.mark(), self.mark());
        self.expression(&node.iter);
        self.emit(I::GetIterator, range);
        let start = self.here();
        self.jump(I::ForIterator, exhausted, range);
        self.push_block(Block::ForLoop { start, end }, node.range);
        self.assign(&node.target);
        self.statements(&node.body);
        self.jump(I::Jump, start, keyword_range(node.range, "for"));
        self.pop_block();
        self.place(exhausted);
        self.statements(&node.orelse);
        self.place(end);
    }

    fn async_for(&mut self, node: &'a ast::StmtFor) {
        let range = node.iter.range();
        let (exhausted, end) = (self.mark(), self.mark());
        self.expression(&node.iter);
        self.emit(I::AsyncOperation(AsyncStep::GetIterator), range);
        let start = self.here();
        self.push_block(Block::ForLoop { start, end }, node.range);
        self.jump(I::PushHandler, exhausted, range);
        self.emit(I::AsyncOperation(AsyncStep::NextItem), range);
        self.emit(I::PopHandler, range);
        self.assign(&node.target);
        self.statements(&node.body);
        self.jump(I::Jump, start, keyword_range(node.range, "async"));
        self.pop_block();
        self.place(exhausted);
        self.emit(I::AsyncOperation(AsyncStep::EndIteration), range);
        self.statements(&node.orelse);
        self.place(end);
    }

    fn while_statement(&mut self, node: &'a ast::StmtWhile) {
        let (finished, end) = (self.mark(), self.mark());
        let start = self.here();
        self.push_block(Block::WhileLoop { start, end }, node.range);
        let forever = self.constant_truth(&node.test) == Some(true);
        if !forever {
            self.jump_if(&node.test, finished, false);
        }
        self.statements(&node.body);
        self.jump(I::Jump, start, keyword_range(node.range, "while"));
        self.pop_block();
        self.place(finished);
        self.statements(&node.orelse);
        self.place(end);
    }

    fn if_statement(&mut self, node: &'a ast::StmtIf) {
        if node.elif_else_clauses.len() > max_chain(self.options.version) as usize {
            self.errors.push(SyntaxError::too_deep("too many nested statements", node.range));
            return;
        }
        let end = self.mark();
        let mut next = self.mark();
        self.jump_if(&node.test, next, false);
        self.statements(&node.body);
        let mut previous = keyword_range(node.range, "if");
        for clause in &node.elif_else_clauses {
            self.jump(I::Jump, end, previous);
            self.place(next);
            next = self.mark();
            if let Some(test) = &clause.test {
                self.jump_if(test, next, false);
            }
            self.statements(&clause.body);
            previous = keyword_range(clause.range, "elif");
        }
        self.place(next);
        self.place(end);
    }

    /// Whether a test is a constant, and what its truth is.
    fn constant_truth(&self, test: &Expr) -> Option<bool> {
        match test {
            Expr::BooleanLiteral(node) => Some(node.value),
            Expr::NoneLiteral(_) => Some(false),
            Expr::EllipsisLiteral(_) => Some(true),
            Expr::Name(node) if node.id.as_str() == "__debug__" => Some(self.options.optimize == 0),
            Expr::StringLiteral(node) => Some(!node.value.is_empty()),
            Expr::BytesLiteral(node) => Some(!node.value.is_empty()),
            Expr::NumberLiteral(node) => match &node.value {
                ast::Number::Int(value) => Some(value.as_u64() != Some(0)),
                ast::Number::Float(value) => Some(*value != 0.0),
                ast::Number::Complex { real, imag } => Some(*real != 0.0 || *imag != 0.0),
            },
            _ => None,
        }
    }
}

pub(super) fn is_constant(expression: &Expr) -> bool {
    expression.is_literal_expr() || matches!(expression, Expr::Name(name) if name.id.as_str() == "__debug__")
}

/// The docstring of a body, if it has one.
pub(super) fn docstring(body: &[Stmt]) -> Option<&ast::ExprStringLiteral> {
    match body.first() {
        Some(Stmt::Expr(statement)) => statement.value.as_string_literal_expr(),
        _ => None,
    }
}

/// `find_ann`: whether a body has annotated assignments, functions and classes in it apart.
pub(super) fn has_annotations(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::AnnAssign(_) => true,
        Stmt::For(node) => has_annotations(&node.body) || has_annotations(&node.orelse),
        Stmt::While(node) => has_annotations(&node.body) || has_annotations(&node.orelse),
        Stmt::If(node) => {
            has_annotations(&node.body) || node.elif_else_clauses.iter().any(|clause| has_annotations(&clause.body))
        }
        Stmt::With(node) => has_annotations(&node.body),
        Stmt::Match(node) => node.cases.iter().any(|case| has_annotations(&case.body)),
        Stmt::Try(node) => {
            has_annotations(&node.body)
                || has_annotations(&node.orelse)
                || has_annotations(&node.finalbody)
                || node.handlers.iter().any(|ast::ExceptHandler::ExceptHandler(handler)| has_annotations(&handler.body))
        }
        _ => false,
    })
}

/// For the code that a body ends with.
pub(super) fn end_of(range: TextRange) -> TextRange {
    TextRange::empty(range.end())
}
