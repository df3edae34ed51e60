//! What `return`, `break` and `continue` leave on their way (`compiler_unwind_fblock`).

use ruff_python_ast::Stmt;
use ruff_text_size::TextRange;

use super::Lowerer;
use super::unit::Mark;
use crate::ir::{AsyncStep, Constant, Instruction as I};

/// A construct that code in it must leave in order.
#[derive(Clone, Copy)]
pub(super) enum Block<'a> {
    WhileLoop {
        start: Mark,
        end: Mark,
    },
    /// The iterator lies on the stack.
    ForLoop {
        start: Mark,
        end: Mark,
    },
    /// The body of `try` with `except`.
    Try,
    /// The body of `try` with `finally`.
    TryFinally {
        body: &'a [Stmt],
    },
    /// A `finally` body on the exceptional path; the exception lies on the stack.
    FinallyEnd,
    /// The exit function lies on the stack.
    With {
        is_async: bool,
        range: TextRange,
    },
    /// The `except` clauses.
    Handlers,
    /// The `except*` clauses.
    GroupHandlers,
    /// The body of an `except` clause.
    HandlerBody {
        name: Option<&'a str>,
        range: TextRange,
    },
    /// A value that lies on the stack.
    Value,
    /// From 3.12: generators and coroutines turn a `StopIteration` that leaves them into `RuntimeError`.
    Generator,
}

impl<'a> Lowerer<'a> {
    /// `CO_MAXBLOCKS`: deeper nesting is a syntax error.
    pub(super) fn push_block(&mut self, block: Block<'a>, range: TextRange) {
        let limit = if self.options.version >= (3, 13) { 21 } else { 20 };
        if self.unit().blocks.len() == limit {
            self.error("too many statically nested blocks", range);
        }
        self.unit().blocks.push(block);
    }

    pub(super) fn pop_block(&mut self) {
        self.unit().blocks.pop();
    }

    /// Leaves every block, or every block within the innermost loop, which is returned.
    /// With `preserve` a value lies on top of the stack and stays there.
    pub(super) fn unwind(&mut self, preserve: bool, to_loop: bool, range: TextRange) -> Option<Block<'a>> {
        let mut left = Vec::new();
        let mut found = None;
        while let Some(block) = self.unit().blocks.pop() {
            left.push(block);
            match block {
                Block::GroupHandlers => {
                    self.error("'break', 'continue' and 'return' cannot appear in an except* block", range);
                    break;
                }
                Block::WhileLoop { .. } | Block::ForLoop { .. } if to_loop => {
                    found = Some(block);
                    break;
                }
                _ => self.unwind_block(block, preserve, range),
            }
        }
        self.unit().blocks.extend(left.into_iter().rev());
        found
    }

    pub(super) fn unwind_block(&mut self, block: Block<'a>, preserve: bool, range: TextRange) {
        match block {
            Block::WhileLoop { .. } | Block::Handlers | Block::GroupHandlers | Block::Generator => {}
            Block::ForLoop { .. } | Block::Value => {
                if preserve {
                    self.emit(I::Swap, range);
                }
                self.emit(I::Pop, range);
            }
            Block::Try => self.emit(I::PopHandler, range),
            Block::TryFinally { body } => {
                self.emit(I::PopHandler, range);
                if preserve {
                    self.push_block(Block::Value, range);
                }
                self.statements(body);
                if preserve {
                    self.pop_block();
                }
            }
            Block::FinallyEnd => {
                if preserve {
                    self.emit(I::Swap, range);
                }
                self.emit(I::Pop, range);
                self.emit(I::LeaveExcept, range);
            }
            Block::With { is_async, range } => {
                self.emit(I::PopHandler, range);
                if preserve {
                    self.emit(I::Swap, range);
                }
                self.emit(if is_async { I::AsyncOperation(AsyncStep::ExitWith) } else { I::ExitWith }, range);
                self.emit(I::Pop, range);
            }
            Block::HandlerBody { name, range } => {
                if name.is_some() {
                    self.emit(I::PopHandler, range);
                }
                self.emit(I::LeaveExcept, range);
                self.forget_exception(name, range);
            }
        }
    }

    /// `except … as name` ends with `name = None; del name`.
    pub(super) fn forget_exception(&mut self, name: Option<&str>, range: TextRange) {
        if let Some(name) = name {
            self.constant(Constant::None, range);
            self.store(name, range);
            self.delete(name, range);
        }
    }
}
