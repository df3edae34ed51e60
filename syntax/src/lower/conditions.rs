//! Truth: `and`, `or`, comparisons, and jumps on conditions.
//!
//! How often `__bool__` is called is part of what a program does, so it follows CPython
//! here too: a condition tests each operand once; `x = (a and b) or c` tests the value of
//! `a and b` anew from 3.12 on, and did not on 3.11, whose optimiser joined the two jumps.

use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, UnaryOp};
use ruff_text_size::Ranged;

use super::Lowerer;
use super::unit::Mark;
use crate::ir::{Comparison, Instruction as I};
use crate::stack::with_one_more_level;

impl<'a> Lowerer<'a> {
    /// Jumps if the truth of the expression is `condition` (`compiler_jump_if`). `[] → []`
    pub(super) fn jump_if(&mut self, test: &'a Expr, target: Mark, condition: bool) {
        let range = test.range();
        match test {
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => {
                with_one_more_level(|| self.jump_if(&node.operand, target, !condition));
            }
            Expr::BoolOp(node) => {
                let short = node.op == BoolOp::Or;
                let Some((last, others)) = node.values.split_last() else { return };
                let over = if short == condition { target } else { self.mark() };
                with_one_more_level(|| {
                    others.iter().for_each(|value| self.jump_if(value, over, short));
                    self.jump_if(last, target, condition);
                });
                if over != target {
                    self.place(over);
                }
            }
            Expr::If(node) => {
                let (otherwise, end) = (self.mark(), self.mark());
                with_one_more_level(|| {
                    self.jump_if(&node.test, otherwise, false);
                    self.jump_if(&node.body, target, condition);
                    self.jump(I::Jump, end, range);
                    self.place(otherwise);
                    self.jump_if(&node.orelse, target, condition);
                });
                self.place(end);
            }
            Expr::Compare(node) if node.ops.len() > 1 => {
                let (cleanup, end) = (self.mark(), self.mark());
                self.comparisons(node, I::JumpIfFalse, cleanup);
                let jump = if condition { I::JumpIfTrue } else { I::JumpIfFalse };
                self.jump(jump, target, range);
                self.jump(I::Jump, end, range);
                self.place(cleanup);
                self.emit(I::Pop, range);
                if !condition {
                    self.jump(I::Jump, target, range);
                }
                self.place(end);
            }
            _ => {
                self.expression(test);
                self.jump(if condition { I::JumpIfTrue } else { I::JumpIfFalse }, target, range);
            }
        }
    }

    /// `and`, `or` for their value. `[] → [value]`
    pub(super) fn bool_operation(&mut self, node: &'a ast::ExprBoolOp) {
        let Some((last, others)) = node.values.split_last() else { return };
        let end = self.mark();
        let short = node.op == BoolOp::Or;
        for value in others {
            self.keep_or_pop(value, short, end);
        }
        self.expression(last);
        self.place(end);
    }

    /// Jumps with the value if its truth is `short`, else pops it.
    fn keep_or_pop(&mut self, value: &'a Expr, short: bool, end: Mark) {
        let range = value.range();
        if let Expr::BoolOp(inner) = value
            && self.options.version < (3, 12)
            && let Some((last, others)) = inner.values.split_last()
        {
            let inner_short = inner.op == BoolOp::Or;
            let over = self.mark();
            with_one_more_level(|| {
                for value in others {
                    if inner_short == short {
                        self.keep_or_pop(value, short, end);
                    } else {
                        self.jump_if_operand(value, inner_short, over);
                    }
                }
                self.keep_or_pop(last, short, end);
            });
            self.place(over);
            return;
        }
        self.expression(value);
        self.jump(if short { I::JumpIfTrueOrPop } else { I::JumpIfFalseOrPop }, end, range);
    }

    /// As CPython 3.11's jump threading leaves it: jumps, without the value, if its truth is `short`; else pops it.
    fn jump_if_operand(&mut self, value: &'a Expr, short: bool, over: Mark) {
        if let Expr::BoolOp(inner) = value
            && let Some((last, others)) = inner.values.split_last()
        {
            let inner_short = inner.op == BoolOp::Or;
            let next = self.mark();
            with_one_more_level(|| {
                for value in others {
                    self.jump_if_operand(value, inner_short, if inner_short == short { over } else { next });
                }
                self.jump_if_operand(last, short, over);
            });
            self.place(next);
            return;
        }
        self.expression(value);
        self.jump(if short { I::JumpIfTrue } else { I::JumpIfFalse }, over, value.range());
    }

    /// Comparisons for their value. `[] → [value]`
    pub(super) fn compare(&mut self, node: &'a ast::ExprCompare) {
        if node.ops.len() == 1 {
            self.expression(&node.left);
            for (operator, right) in node.ops.iter().zip(&node.comparators) {
                self.expression(right);
                self.emit(I::Compare(comparison(*operator)), node.range);
            }
            return;
        }
        let (cleanup, end) = (self.mark(), self.mark());
        self.comparisons(node, I::JumpIfFalseOrPop, cleanup);
        self.jump(I::Jump, end, node.range);
        self.place(cleanup);
        self.emit(I::Swap, node.range);
        self.emit(I::Pop, node.range);
        self.place(end);
    }

    /// All comparisons of a chain. `[] → [last result]`; at `cleanup` the right operand lies on the
    /// stack, and on it what the jump leaves.
    fn comparisons(&mut self, node: &'a ast::ExprCompare, jump: fn(u32) -> I, cleanup: Mark) {
        self.expression(&node.left);
        let count = node.ops.len();
        for (index, (operator, right)) in node.ops.iter().zip(&node.comparators).enumerate() {
            self.expression(right);
            let operator = I::Compare(comparison(*operator));
            if index + 1 < count {
                self.emit(I::Duplicate, node.range);
                self.emit(I::RotateThree, node.range);
                self.emit(operator, node.range);
                self.jump(jump, cleanup, node.range);
            } else {
                self.emit(operator, node.range);
            }
        }
    }
}

pub(super) fn comparison(operator: CmpOp) -> Comparison {
    match operator {
        CmpOp::Eq => Comparison::Equal,
        CmpOp::NotEq => Comparison::NotEqual,
        CmpOp::Lt => Comparison::Less,
        CmpOp::LtE => Comparison::LessEqual,
        CmpOp::Gt => Comparison::Greater,
        CmpOp::GtE => Comparison::GreaterEqual,
        CmpOp::Is => Comparison::Is,
        CmpOp::IsNot => Comparison::IsNot,
        CmpOp::In => Comparison::In,
        CmpOp::NotIn => Comparison::NotIn,
    }
}
