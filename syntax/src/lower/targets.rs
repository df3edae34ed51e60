//! Assigning to and deleting targets.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use crate::ir::Instruction as I;
use crate::stack::with_one_more_level;

impl<'a> Lowerer<'a> {
    /// `[value] → []`
    pub(super) fn assign(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(node) => self.store(node.id.as_str(), node.range),
            Expr::Attribute(node) => {
                self.expression(&node.value);
                let name = self.mangled(node.attr.as_str());
                self.emit(I::StoreAttribute(name), node.range);
            }
            Expr::Subscript(node) => {
                self.expression(&node.value);
                self.expression(&node.slice);
                self.emit(I::StoreSubscript, node.range);
            }
            Expr::List(node) => with_one_more_level(|| self.unpack(&node.elts, node.range)),
            Expr::Tuple(node) => with_one_more_level(|| self.unpack(&node.elts, node.range)),
            Expr::Starred(node) => self.assign(&node.value),
            _ => self.error("cannot assign to this expression", target.range()),
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], range: TextRange) {
        let instruction = self.unpacking(targets.len(), targets.iter().position(Expr::is_starred_expr), range);
        self.emit(instruction, range);
        targets.iter().for_each(|target| self.assign(target));
    }

    /// For `count` targets, one of them perhaps starred.
    pub(super) fn unpacking(&mut self, count: usize, starred: Option<usize>, range: TextRange) -> I {
        match starred {
            None => I::UnpackSequence(count as u32),
            Some(before) => {
                if before >= 1 << 8 {
                    self.error("too many expressions in star-unpacking assignment", range);
                }
                I::UnpackExtended { before: before as u32, after: (count - before - 1) as u32 }
            }
        }
    }

    pub(super) fn delete_target(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(node) => self.delete(node.id.as_str(), node.range),
            Expr::Attribute(node) => {
                self.expression(&node.value);
                let name = self.mangled(node.attr.as_str());
                self.emit(I::DeleteAttribute(name), node.range);
            }
            Expr::Subscript(node) => {
                self.expression(&node.value);
                self.expression(&node.slice);
                self.emit(I::DeleteSubscript, node.range);
            }
            Expr::List(node) => node.elts.iter().for_each(|target| self.delete_target(target)),
            Expr::Tuple(node) => node.elts.iter().for_each(|target| self.delete_target(target)),
            _ => self.error("cannot delete this expression", target.range()),
        }
    }
}
