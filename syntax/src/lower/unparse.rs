//! Annotations as text, under `from __future__ import annotations` (`Python/ast_unparse.c`).
//!
//! Where the text can't be told exactly (f-strings, strings with lone surrogates, numbers that
//! CPython prints in its own way) the annotation is a string whose value is not known.

use std::fmt::Write;

use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, Number, Operator, UnaryOp};

use rustpython_literal::escape::{AsciiEscape, UnicodeEscape};

use super::Lowerer;
use crate::ir::Constant;
use crate::stack::with_one_more_level;

/// `PR_*`: what binds less than the level asked for stands in parentheses.
mod level {
    pub(super) const TUPLE: u8 = 0;
    pub(super) const TEST: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const COMPARE: u8 = 5;
    pub(super) const EXPRESSION: u8 = 6;
    pub(super) const BIT_OR: u8 = EXPRESSION;
    pub(super) const BIT_XOR: u8 = 7;
    pub(super) const BIT_AND: u8 = 8;
    pub(super) const SHIFT: u8 = 9;
    pub(super) const ARITHMETIC: u8 = 10;
    pub(super) const TERM: u8 = 11;
    pub(super) const FACTOR: u8 = 12;
    pub(super) const POWER: u8 = 13;
    pub(super) const AWAIT: u8 = 14;
    pub(super) const ATOM: u8 = 15;
}

/// The text can't be told.
struct Untold;

type Told = Result<(), Untold>;

impl Lowerer<'_> {
    pub(super) fn annotation_text(&self, annotation: &Expr) -> Constant {
        let mut printer = Printer { text: String::new(), lowerer: self };
        match printer.expression(annotation, level::TEST) {
            Ok(()) => Constant::Str(printer.text.into()),
            Err(Untold) => Constant::SurrogateStr,
        }
    }
}

struct Printer<'a, 'b> {
    text: String,
    lowerer: &'a Lowerer<'b>,
}

impl Printer<'_, '_> {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// In parentheses if `needed` binds more tightly than `own`.
    fn grouped(&mut self, needed: u8, own: u8, f: impl FnOnce(&mut Self) -> Told) -> Told {
        let parentheses = needed > own;
        if parentheses {
            self.put("(");
        }
        f(self)?;
        if parentheses {
            self.put(")");
        }
        Ok(())
    }

    fn separated(&mut self, expressions: &[Expr], level: u8) -> Told {
        for (index, expression) in expressions.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.expression(expression, level)?;
        }
        Ok(())
    }

    fn expression(&mut self, expression: &Expr, level: u8) -> Told {
        with_one_more_level(|| self.expression_here(expression, level))
    }

    fn expression_here(&mut self, expression: &Expr, level: u8) -> Told {
        match expression {
            Expr::Name(node) => self.put(node.id.as_str()),
            Expr::NoneLiteral(_) => self.put("None"),
            Expr::BooleanLiteral(node) => self.put(if node.value { "True" } else { "False" }),
            Expr::EllipsisLiteral(_) => self.put("..."),
            Expr::StringLiteral(node) => self.string(node)?,
            Expr::BytesLiteral(node) => self.bytes(node)?,
            Expr::NumberLiteral(node) => self.number(&node.value)?,
            Expr::BoolOp(node) => {
                let (word, own) = match node.op {
                    BoolOp::And => (" and ", level::AND),
                    BoolOp::Or => (" or ", level::OR),
                };
                self.grouped(level, own, |printer| {
                    for (index, value) in node.values.iter().enumerate() {
                        if index > 0 {
                            printer.put(word);
                        }
                        printer.expression(value, own + 1)?;
                    }
                    Ok(())
                })?;
            }
            Expr::BinOp(node) => {
                let (operator, own, from_right) = binary(node.op);
                self.grouped(level, own, |printer| {
                    printer.expression(&node.left, own + u8::from(from_right))?;
                    printer.put(operator);
                    printer.expression(&node.right, own + u8::from(!from_right))
                })?;
            }
            Expr::UnaryOp(node) => {
                let (operator, own) = match node.op {
                    UnaryOp::Invert => ("~", level::FACTOR),
                    UnaryOp::Not => ("not ", level::NOT),
                    UnaryOp::UAdd => ("+", level::FACTOR),
                    UnaryOp::USub => ("-", level::FACTOR),
                };
                self.grouped(level, own, |printer| {
                    printer.put(operator);
                    printer.expression(&node.operand, own)
                })?;
            }
            Expr::Lambda(node) => self.grouped(level, level::TEST, |printer| {
                printer.put("lambda");
                if let Some(parameters) = &node.parameters {
                    // `lambda*args: 0` has no space.
                    if !parameters.posonlyargs.is_empty() || !parameters.args.is_empty() {
                        printer.put(" ");
                    }
                    printer.parameters(parameters)?;
                }
                printer.put(": ");
                printer.expression(&node.body, level::TEST)
            })?,
            Expr::If(node) => self.grouped(level, level::TEST, |printer| {
                printer.expression(&node.body, level::TEST + 1)?;
                printer.put(" if ");
                printer.expression(&node.test, level::TEST + 1)?;
                printer.put(" else ");
                printer.expression(&node.orelse, level::TEST)
            })?,
            Expr::Dict(node) => {
                self.put("{");
                for (index, item) in node.items.iter().enumerate() {
                    if index > 0 {
                        self.put(", ");
                    }
                    match &item.key {
                        Some(key) => {
                            self.expression(key, level::TEST)?;
                            self.put(": ");
                            self.expression(&item.value, level::TEST)?;
                        }
                        None => {
                            self.put("**");
                            self.expression(&item.value, level::EXPRESSION)?;
                        }
                    }
                }
                self.put("}");
            }
            Expr::Set(node) => {
                self.put("{");
                self.separated(&node.elts, level::TEST)?;
                self.put("}");
            }
            Expr::List(node) => {
                self.put("[");
                self.separated(&node.elts, level::TEST)?;
                self.put("]");
            }
            Expr::Tuple(node) => {
                if node.elts.is_empty() {
                    self.put("()");
                } else {
                    self.grouped(level, level::TUPLE, |printer| {
                        printer.separated(&node.elts, level::TEST)?;
                        if node.elts.len() == 1 {
                            printer.put(",");
                        }
                        Ok(())
                    })?;
                }
            }
            Expr::ListComp(node) => self.comprehension("[", "]", &[&node.elt], &node.generators)?,
            Expr::SetComp(node) => self.comprehension("{", "}", &[&node.elt], &node.generators)?,
            Expr::Generator(node) => self.comprehension("(", ")", &[&node.elt], &node.generators)?,
            Expr::DictComp(node) => {
                let Some(key) = &node.key else { return Err(Untold) };
                self.comprehension("{", "}", &[key, &node.value], &node.generators)?;
            }
            Expr::Compare(node) => self.grouped(level, level::COMPARE, |printer| {
                printer.expression(&node.left, level::COMPARE + 1)?;
                for (operator, right) in node.ops.iter().zip(&node.comparators) {
                    printer.put(comparison(*operator));
                    printer.expression(right, level::COMPARE + 1)?;
                }
                Ok(())
            })?,
            Expr::Call(node) => self.call(node)?,
            Expr::Attribute(node) => {
                self.expression(&node.value, level::ATOM)?;
                // `1 .real`: an integer needs a space.
                if let Expr::NumberLiteral(number) = &*node.value
                    && matches!(number.value, Number::Int(_))
                {
                    self.put(" ");
                }
                self.put(".");
                self.put(node.attr.as_str());
            }
            Expr::Subscript(node) => {
                self.expression(&node.value, level::ATOM)?;
                self.put("[");
                self.expression(&node.slice, level::TUPLE)?;
                self.put("]");
            }
            Expr::Starred(node) => {
                self.put("*");
                self.expression(&node.value, level::EXPRESSION)?;
            }
            Expr::Slice(node) => {
                if let Some(lower) = &node.lower {
                    self.expression(lower, level::TEST)?;
                }
                self.put(":");
                if let Some(upper) = &node.upper {
                    self.expression(upper, level::TEST)?;
                }
                if let Some(step) = &node.step {
                    self.put(":");
                    self.expression(step, level::TEST)?;
                }
            }
            Expr::Await(node) => self.grouped(level, level::AWAIT, |printer| {
                printer.put("await ");
                printer.expression(&node.value, level::ATOM)
            })?,
            _ => return Err(Untold),
        }
        Ok(())
    }

    fn call(&mut self, node: &ast::ExprCall) -> Told {
        self.expression(&node.func, level::ATOM)?;
        let arguments = &node.arguments;
        if let ([Expr::Generator(generator)], []) = (&arguments.args[..], &arguments.keywords[..]) {
            return self.comprehension("(", ")", &[&generator.elt], &generator.generators);
        }
        self.put("(");
        self.separated(&arguments.args, level::TEST)?;
        for (index, keyword) in arguments.keywords.iter().enumerate() {
            if index > 0 || !arguments.args.is_empty() {
                self.put(", ");
            }
            match &keyword.arg {
                Some(name) => {
                    self.put(name.as_str());
                    self.put("=");
                }
                None => self.put("**"),
            }
            self.expression(&keyword.value, level::TEST)?;
        }
        self.put(")");
        Ok(())
    }

    fn comprehension(
        &mut self,
        open: &str,
        close: &str,
        elements: &[&Expr],
        generators: &[ast::Comprehension],
    ) -> Told {
        self.put(open);
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.put(": ");
            }
            self.expression(element, level::TEST)?;
        }
        for generator in generators {
            self.put(if generator.is_async { " async for " } else { " for " });
            self.expression(&generator.target, level::TUPLE)?;
            self.put(" in ");
            self.expression(&generator.iter, level::TEST + 1)?;
            for condition in &generator.ifs {
                self.put(" if ");
                self.expression(condition, level::TEST + 1)?;
            }
        }
        self.put(close);
        Ok(())
    }

    fn parameters(&mut self, parameters: &ast::Parameters) -> Told {
        let mut first = true;
        let mut separate = |printer: &mut Self| {
            if !std::mem::take(&mut first) {
                printer.put(", ");
            }
        };
        let plain = |printer: &mut Self, parameter: &ast::ParameterWithDefault| -> Told {
            printer.put(parameter.name().as_str());
            if let Some(default) = &parameter.default {
                printer.put("=");
                printer.expression(default, level::TEST)?;
            }
            Ok(())
        };
        for (index, parameter) in parameters.posonlyargs.iter().enumerate() {
            separate(self);
            plain(self, parameter)?;
            if index + 1 == parameters.posonlyargs.len() {
                self.put(", /");
            }
        }
        for parameter in &parameters.args {
            separate(self);
            plain(self, parameter)?;
        }
        if parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty() {
            separate(self);
            self.put("*");
            if let Some(parameter) = &parameters.vararg {
                self.put(parameter.name.as_str());
            }
        }
        for parameter in &parameters.kwonlyargs {
            separate(self);
            plain(self, parameter)?;
        }
        if let Some(parameter) = &parameters.kwarg {
            separate(self);
            self.put("**");
            self.put(parameter.name.as_str());
        }
        Ok(())
    }

    fn string(&mut self, node: &ast::ExprStringLiteral) -> Told {
        let Constant::Str(value) = self.lowerer.string_constant(node) else { return Err(Untold) };
        // `u'…'` keeps its prefix.
        if node.value.is_unicode() {
            self.put("u");
        }
        let escape = UnicodeEscape::new_repr((&*value).into());
        escape.str_repr().write(&mut self.text).map_err(|_| Untold)
    }

    fn bytes(&mut self, node: &ast::ExprBytesLiteral) -> Told {
        let Constant::Bytes(value) = self.lowerer.bytes_constant(node) else { return Err(Untold) };
        let escape = AsciiEscape::new_repr(&value);
        escape.bytes_repr().write(&mut self.text).map_err(|_| Untold)
    }

    fn number(&mut self, number: &Number) -> Told {
        match number {
            Number::Int(value) => match value.as_u64() {
                Some(value) => write!(self.text, "{value}").map_err(|_| Untold),
                None => Err(Untold),
            },
            Number::Float(value) if value.is_finite() => {
                let text = rustpython_literal::float::to_string(*value);
                self.put(&text);
                Ok(())
            }
            _ => Err(Untold),
        }
    }
}

/// Text, level, and whether it binds to the right.
fn binary(operator: Operator) -> (&'static str, u8, bool) {
    match operator {
        Operator::Add => (" + ", level::ARITHMETIC, false),
        Operator::Sub => (" - ", level::ARITHMETIC, false),
        Operator::Mult => (" * ", level::TERM, false),
        Operator::MatMult => (" @ ", level::TERM, false),
        Operator::Div => (" / ", level::TERM, false),
        Operator::Mod => (" % ", level::TERM, false),
        Operator::LShift => (" << ", level::SHIFT, false),
        Operator::RShift => (" >> ", level::SHIFT, false),
        Operator::BitOr => (" | ", level::BIT_OR, false),
        Operator::BitXor => (" ^ ", level::BIT_XOR, false),
        Operator::BitAnd => (" & ", level::BIT_AND, false),
        Operator::FloorDiv => (" // ", level::TERM, false),
        Operator::Pow => (" ** ", level::POWER, true),
    }
}

fn comparison(operator: CmpOp) -> &'static str {
    match operator {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}
