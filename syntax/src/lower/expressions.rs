//! Expressions (`compiler_visit_expr`).

use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{Num, ToPrimitive};
use ruff_python_ast::{self as ast, Expr, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use crate::ir::{BinaryOperator, Constant, Instruction as I, UnaryOperator};
use crate::stack::with_one_more_level;

/// From how many elements on CPython adds to a container one by one (`STACK_USE_GUIDELINE`).
const STACK_USE_GUIDELINE: usize = 30;

impl<'a> Lowerer<'a> {
    /// `[] → [value]`
    pub(super) fn expression(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(node) => self.load(node.id.as_str(), node.range),
            Expr::StringLiteral(node) => {
                let constant = self.string_constant(node);
                self.constant(constant, node.range);
            }
            Expr::NumberLiteral(node) => {
                let constant = self.number_constant(&node.value);
                self.constant(constant, node.range);
            }
            Expr::NoneLiteral(node) => self.constant(Constant::None, node.range),
            Expr::BooleanLiteral(node) => {
                self.constant(if node.value { Constant::True } else { Constant::False }, node.range);
            }
            Expr::EllipsisLiteral(node) => self.constant(Constant::Ellipsis, node.range),
            Expr::BytesLiteral(node) => {
                let constant = self.bytes_constant(node);
                self.constant(constant, node.range);
            }
            _ => with_one_more_level(|| self.compound_expression(expression)),
        }
    }

    fn compound_expression(&mut self, expression: &'a Expr) {
        let range = expression.range();
        match expression {
            Expr::BoolOp(node) => self.bool_operation(node),
            Expr::Named(node) => {
                self.expression(&node.value);
                self.emit(I::Duplicate, range);
                self.assign(&node.target);
            }
            Expr::BinOp(node) => {
                if node.op == Operator::Mod && self.percent_format(&node.left, &node.right, range) {
                    return;
                }
                self.expression(&node.left);
                self.expression(&node.right);
                self.emit(I::Binary(binary_operator(node.op)), range);
            }
            Expr::UnaryOp(node) => {
                self.expression(&node.operand);
                let operator = match node.op {
                    UnaryOp::Invert => UnaryOperator::Invert,
                    UnaryOp::Not => UnaryOperator::Not,
                    UnaryOp::UAdd => UnaryOperator::Positive,
                    UnaryOp::USub => UnaryOperator::Negative,
                };
                self.emit(I::Unary(operator), range);
            }
            Expr::Lambda(node) => self.lambda(node),
            Expr::If(node) => {
                let (otherwise, end) = (self.mark(), self.mark());
                self.jump_if(&node.test, otherwise, false);
                self.expression(&node.body);
                self.jump(I::Jump, end, range);
                self.place(otherwise);
                self.expression(&node.orelse);
                self.place(end);
            }
            Expr::Dict(node) => self.dict(node),
            Expr::Set(node) => self.display(&node.elts, 0, range, I::BuildSet, I::SetAdd, I::SetUpdate),
            Expr::ListComp(node) => self.list_comprehension(node),
            Expr::SetComp(node) => self.set_comprehension(node),
            Expr::DictComp(node) => self.dict_comprehension(node),
            Expr::Generator(node) => self.generator_expression(node, range),
            Expr::Await(node) => {
                self.expression(&node.value);
                self.emit(I::Await, range);
            }
            Expr::Yield(node) => {
                match &node.value {
                    Some(value) => self.expression(value),
                    None => self.constant(Constant::None, range),
                }
                self.emit(I::Yield, range);
            }
            Expr::YieldFrom(node) => {
                self.expression(&node.value);
                self.emit(I::YieldFrom, range);
            }
            Expr::Compare(node) => self.compare(node),
            Expr::Call(node) => self.call(node),
            Expr::FString(node) => self.formatted_string(node),
            Expr::TString(_) => self.emit(I::Unsupported("template string".into()), range),
            Expr::Attribute(node) => {
                self.expression(&node.value);
                let name = self.mangled(node.attr.as_str());
                self.emit(I::LoadAttribute(name), range);
            }
            Expr::Subscript(node) => {
                self.expression(&node.value);
                self.expression(&node.slice);
                self.emit(I::LoadSubscript, range);
            }
            Expr::Starred(_) => self.error("can't use starred expression here", range),
            Expr::List(node) => self.display(&node.elts, 0, range, I::BuildList, I::ListAppend, I::ListExtend),
            Expr::Tuple(node) => self.tuple(&node.elts, 0, range),
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper] {
                    match part {
                        Some(part) => self.expression(part),
                        None => self.constant(Constant::None, range),
                    }
                }
                if let Some(step) = &node.step {
                    self.expression(step);
                }
                self.emit(I::BuildSlice { step: node.step.is_some() }, range);
            }
            _ => self.error("invalid syntax", range),
        }
    }

    /// A list or set display (`starunpack_helper`), of which `pushed` elements lie on the stack already.
    pub(super) fn display(
        &mut self,
        elements: &'a [Expr],
        pushed: usize,
        range: TextRange,
        build: fn(u32) -> I,
        add: fn(u32) -> I,
        extend: I,
    ) {
        let starred = elements.iter().any(Expr::is_starred_expr);
        // A list can't tell whether its elements come one by one; a set hashes them.
        let one_by_one = elements.len() > STACK_USE_GUIDELINE && matches!(extend, I::SetUpdate);
        if !starred && !one_by_one {
            elements.iter().for_each(|element| self.expression(element));
            self.emit(build((elements.len() + pushed) as u32), range);
            return;
        }
        let mut built = false;
        if one_by_one {
            self.emit(build(pushed as u32), range);
            built = true;
        }
        for (index, element) in elements.iter().enumerate() {
            if let Expr::Starred(element) = element {
                if !built {
                    self.emit(build((index + pushed) as u32), range);
                    built = true;
                }
                self.expression(&element.value);
                self.emit(extend.clone(), element.range);
            } else {
                self.expression(element);
                if built {
                    self.emit(add(1), element.range());
                }
            }
        }
    }

    pub(super) fn tuple(&mut self, elements: &'a [Expr], pushed: usize, range: TextRange) {
        if elements.iter().any(Expr::is_starred_expr) {
            self.display(elements, pushed, range, I::BuildList, I::ListAppend, I::ListExtend);
            self.emit(I::ListToTuple, range);
        } else {
            elements.iter().for_each(|element| self.expression(element));
            self.emit(I::BuildTuple((elements.len() + pushed) as u32), range);
        }
    }

    /// `compiler_dict`: pairs are gathered by up to 17, which decides when keys are hashed.
    fn dict(&mut self, node: &'a ast::ExprDict) {
        let range = node.range;
        let mut have_dict = false;
        let mut start = 0;
        for (index, item) in node.items.iter().enumerate() {
            if item.key.is_none() {
                if index > start {
                    self.pairs(&node.items[start..index], range);
                    self.merge_pairs(&mut have_dict, range);
                }
                if !have_dict {
                    self.emit(I::BuildMap(0), range);
                    have_dict = true;
                }
                self.expression(&item.value);
                self.emit(I::DictUpdate, item.value.range());
                start = index + 1;
            } else if (index - start) * 2 > STACK_USE_GUIDELINE {
                self.pairs(&node.items[start..=index], range);
                self.merge_pairs(&mut have_dict, range);
                start = index + 1;
            }
        }
        if start < node.items.len() {
            self.pairs(&node.items[start..], range);
            self.merge_pairs(&mut have_dict, range);
        }
        if !have_dict {
            self.emit(I::BuildMap(0), range);
        }
    }

    fn merge_pairs(&mut self, have_dict: &mut bool, range: TextRange) {
        if *have_dict {
            self.emit(I::DictUpdate, range);
        }
        *have_dict = true;
    }

    /// `compiler_subdict`: none of the pairs is an unpacking.
    fn pairs(&mut self, items: &'a [ast::DictItem], range: TextRange) {
        let one_by_one = items.len() * 2 > STACK_USE_GUIDELINE;
        if one_by_one {
            self.emit(I::BuildMap(0), range);
        }
        for item in items {
            if let Some(key) = &item.key {
                self.expression(key);
            }
            self.expression(&item.value);
            if one_by_one {
                self.emit(I::MapAdd(1), item.range());
            }
        }
        if !one_by_one {
            self.emit(I::BuildMap(items.len() as u32), range);
        }
    }

    fn number_constant(&mut self, number: &ast::Number) -> Constant {
        match number {
            ast::Number::Float(value) => Constant::Float(*value),
            ast::Number::Complex { imag, .. } => Constant::Imaginary(*imag),
            ast::Number::Int(value) => match value.as_i64() {
                Some(value) => Constant::Int(value),
                None => big_integer(&value.to_string()),
            },
        }
    }
}

/// From a literal in any base that does not fit 64 bits.
fn big_integer(literal: &str) -> Constant {
    let digits: String = literal.chars().filter(|&c| c != '_').collect();
    let parse = |digits: &str, base| BigInt::from_str_radix(digits, base).unwrap_or_default();
    let value = match digits.get(..2) {
        Some("0x" | "0X") => parse(&digits[2..], 16),
        Some("0o" | "0O") => parse(&digits[2..], 8),
        Some("0b" | "0B") => parse(&digits[2..], 2),
        _ => parse(&digits, 10),
    };
    match value.to_i64() {
        Some(value) => Constant::Int(value),
        None => Constant::BigInt(Arc::new(value)),
    }
}

pub(super) fn binary_operator(operator: Operator) -> BinaryOperator {
    match operator {
        Operator::Add => BinaryOperator::Add,
        Operator::Sub => BinaryOperator::Subtract,
        Operator::Mult => BinaryOperator::Multiply,
        Operator::MatMult => BinaryOperator::MatrixMultiply,
        Operator::Div => BinaryOperator::Divide,
        Operator::Mod => BinaryOperator::Modulo,
        Operator::Pow => BinaryOperator::Power,
        Operator::LShift => BinaryOperator::LeftShift,
        Operator::RShift => BinaryOperator::RightShift,
        Operator::BitOr => BinaryOperator::BitOr,
        Operator::BitXor => BinaryOperator::BitXor,
        Operator::BitAnd => BinaryOperator::BitAnd,
        Operator::FloorDiv => BinaryOperator::FloorDivide,
    }
}
