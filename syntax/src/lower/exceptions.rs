//! `try` and `with`.

use ruff_python_ast as ast;
use ruff_python_ast::Stmt;
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use super::unwinding::Block;
use crate::ir::{AsyncStep, Instruction as I};

impl<'a> Lowerer<'a> {
    /// `compiler_try`: `try … except … finally` is a `finally` around the rest.
    pub(super) fn try_statement(&mut self, node: &'a ast::StmtTry) {
        if node.finalbody.is_empty() {
            return self.try_except(node);
        }
        let range = keyword_range(node.range, "try");
        let body: &'a [Stmt] = &node.finalbody;
        let (handler, end) = (self.mark(), self.mark());
        self.jump(I::PushHandler, handler, range);
        self.push_block(Block::TryFinally { body }, node.range);
        if node.handlers.is_empty() {
            self.statements(&node.body);
            self.statements(&node.orelse);
        } else {
            self.try_except(node);
        }
        self.pop_block();
        self.emit(I::PopHandler, range);
        self.statements(body);
        self.jump(I::Jump, end, range);

        self.place(handler);
        self.push_block(Block::FinallyEnd, node.range);
        self.emit(I::EnterExcept, range);
        self.statements(body);
        self.pop_block();
        self.emit(I::Reraise, range);
        self.place(end);
    }

    fn try_except(&mut self, node: &'a ast::StmtTry) {
        let range = keyword_range(node.range, "try");
        let (handlers, end) = (self.mark(), self.mark());
        self.jump(I::PushHandler, handlers, range);
        self.push_block(Block::Try, node.range);
        self.statements(&node.body);
        self.pop_block();
        self.emit(I::PopHandler, range);
        self.statements(&node.orelse);
        self.jump(I::Jump, end, range);

        self.place(handlers);
        self.emit(I::EnterExcept, range);
        if node.is_star {
            self.push_block(Block::GroupHandlers, node.range);
            self.group_handlers(node);
        } else {
            self.push_block(Block::Handlers, node.range);
            for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                self.handler(handler, end);
            }
            // No clause matched.
            self.emit(I::Reraise, range);
        }
        self.pop_block();
        self.place(end);
    }

    /// `[exc] → [exc]` if the clause does not match.
    fn handler(&mut self, handler: &'a ast::ExceptHandlerExceptHandler, end: super::unit::Mark) {
        let range = keyword_range(handler.range, "except");
        let next = self.mark();
        if let Some(class) = &handler.type_ {
            self.expression(class);
            self.emit(I::ExceptionMatches, class.range());
            self.jump(I::JumpIfFalse, next, class.range());
        }
        let name = handler.name.as_ref().map(|name| name.as_str());
        let cleanup = self.mark();
        match &handler.name {
            Some(name) => {
                self.store(name.as_str(), name.range);
                self.jump(I::PushHandler, cleanup, range);
            }
            None => self.emit(I::Pop, range),
        }
        self.push_block(Block::HandlerBody { name, range }, handler.range);
        self.statements(&handler.body);
        self.pop_block();
        if name.is_some() {
            self.emit(I::PopHandler, range);
        }
        self.emit(I::LeaveExcept, range);
        self.forget_exception(name, range);
        self.jump(I::Jump, end, range);
        if name.is_some() {
            self.place(cleanup);
            self.forget_exception(name, range);
            self.emit(I::Reraise, range);
        }
        self.place(next);
    }

    /// `except*`. What the clauses raise is not gathered into a group here: an evaluator does not come past
    /// `RaiseInGroup`.
    fn group_handlers(&mut self, node: &'a ast::StmtTry) {
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            let range = keyword_range(handler.range, "except");
            let (unmatched, cleanup, next) = (self.mark(), self.mark(), self.mark());
            if let Some(class) = &handler.type_ {
                self.expression(class);
            }
            self.emit(I::ExceptionGroupMatches, range);
            self.emit(I::Duplicate, range);
            self.jump(I::JumpIfNone, unmatched, range);
            let name = handler.name.as_ref().map(|name| name.as_str());
            match &handler.name {
                Some(name) => self.store(name.as_str(), name.range),
                None => self.emit(I::Pop, range),
            }
            self.jump(I::PushHandler, cleanup, range);
            self.push_block(Block::HandlerBody { name, range }, handler.range);
            self.statements(&handler.body);
            self.pop_block();
            self.emit(I::PopHandler, range);
            self.forget_exception(name, range);
            self.jump(I::Jump, next, range);
            self.place(cleanup);
            self.forget_exception(name, range);
            self.emit(I::RaiseInGroup, range);
            self.place(unmatched);
            self.emit(I::Pop, range);
            self.place(next);
        }
        let range = keyword_range(node.range, "try");
        let handled = self.mark();
        self.emit(I::Duplicate, range);
        self.jump(I::JumpIfNone, handled, range);
        self.emit(I::Reraise, range);
        self.place(handled);
        self.emit(I::Pop, range);
        self.emit(I::LeaveExcept, range);
    }

    /// `with a as b, c as d:` is `with a as b:` around `with c as d:`.
    pub(super) fn with(&mut self, node: &'a ast::StmtWith, items: &'a [ast::WithItem]) {
        let Some((item, rest)) = items.split_first() else {
            return self.statements(&node.body);
        };
        let range = item.context_expr.range();
        let (handler, suppressed, end) = (self.mark(), self.mark(), self.mark());
        let step = |plain: I, step: AsyncStep| if node.is_async { I::AsyncOperation(step) } else { plain };
        self.expression(&item.context_expr);
        self.emit(step(I::EnterWith, AsyncStep::EnterWith), range);
        self.jump(I::PushWithHandler, handler, range);
        self.push_block(Block::With { is_async: node.is_async, range }, node.range);
        match &item.optional_vars {
            Some(target) => self.assign(target),
            None => self.emit(I::Pop, range),
        }
        self.with(node, rest);
        self.pop_block();
        self.emit(I::PopHandler, range);
        self.emit(step(I::ExitWith, AsyncStep::ExitWith), range);
        self.emit(I::Pop, range);
        self.jump(I::Jump, end, range);

        self.place(handler);
        self.emit(I::EnterExcept, range);
        self.emit(step(I::ExitWithException, AsyncStep::ExitWithException), range);
        self.jump(I::JumpIfTrue, suppressed, range);
        self.emit(I::Reraise, range);
        self.place(suppressed);
        self.emit(I::LeaveExcept, range);
        self.emit(I::Pop, range);
        self.emit(I::Pop, range);
        self.place(end);
    }
}

/// The keyword that a statement begins with, for what stands for the statement as a whole.
pub(super) fn keyword_range(statement: TextRange, keyword: &str) -> TextRange {
    let length = ruff_text_size::TextSize::of(keyword).min(statement.len());
    TextRange::at(statement.start(), length)
}
