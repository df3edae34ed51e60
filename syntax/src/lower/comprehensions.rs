//! Comprehensions and generator expressions (`compiler_comprehension`).

use std::sync::Arc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use crate::ir::{AsyncStep, CodeKind, Constant, FunctionParts, Instruction as I};
use crate::names::ITERATOR;
use crate::symbols::node_key;

/// What each round yields.
enum Element<'a> {
    List(&'a Expr),
    Set(&'a Expr),
    Dict(Option<&'a Expr>, &'a Expr),
    Generator(&'a Expr),
}

impl<'a> Lowerer<'a> {
    pub(super) fn list_comprehension(&mut self, node: &'a ast::ExprListComp) {
        let key = node_key(node);
        self.comprehension(key, "<listcomp>", &node.generators, &Element::List(&node.elt), node.range);
    }

    pub(super) fn set_comprehension(&mut self, node: &'a ast::ExprSetComp) {
        let key = node_key(node);
        self.comprehension(key, "<setcomp>", &node.generators, &Element::Set(&node.elt), node.range);
    }

    pub(super) fn dict_comprehension(&mut self, node: &'a ast::ExprDictComp) {
        let key = node_key(node);
        let element = Element::Dict(node.key.as_deref(), &node.value);
        self.comprehension(key, "<dictcomp>", &node.generators, &element, node.range);
    }

    pub(super) fn generator_expression(&mut self, node: &'a ast::ExprGenerator, range: TextRange) {
        let key = node_key(node);
        self.comprehension(key, "<genexpr>", &node.generators, &Element::Generator(&node.elt), range);
    }

    fn comprehension(
        &mut self,
        key: usize,
        name: &str,
        generators: &'a [ast::Comprehension],
        element: &Element<'a>,
        range: TextRange,
    ) {
        let Some(scope) = self.table.scope_by_key(key) else { return };
        let Some(first) = generators.first() else { return };
        let is_generator = matches!(element, Element::Generator(_));
        let code = match self.code_of_node.get(&key) {
            Some(&code) => code,
            None => {
                let kind = if is_generator { CodeKind::GeneratorExpression } else { CodeKind::Comprehension };
                self.enter(scope, kind, Arc::from(name), range);
                let slot = self.slot(ITERATOR);
                debug_assert_eq!(slot, 0);
                self.unit().parameters.positional = 1;
                match element {
                    Element::List(_) => self.emit(I::BuildList(0), range),
                    Element::Set(_) => self.emit(I::BuildSet(0), range),
                    Element::Dict(..) => self.emit(I::BuildMap(0), range),
                    Element::Generator(_) => {}
                }
                self.rounds(generators, 0, element);
                if is_generator {
                    self.constant(Constant::None, range);
                }
                self.emit(I::Return, range);
                let code = self.leave();
                self.code_of_node.insert(key, code);
                code
            }
        };
        self.make_function(code, scope, FunctionParts::default(), range);
        self.expression(&first.iter);
        let iterator = if first.is_async { I::AsyncOperation(AsyncStep::GetIterator) } else { I::GetIterator };
        self.emit(iterator, first.iter.range());
        self.emit(I::Call { positional: 1, keywords: self.no_keywords.clone() }, range);
        if self.table.scope(scope).is_coroutine && !is_generator {
            self.emit(I::Await, range);
        }
    }

    fn rounds(&mut self, generators: &'a [ast::Comprehension], index: usize, element: &Element<'a>) {
        let Some(generator) = generators.get(index) else {
            return self.element(element, generators.len() as u32 + 1);
        };
        let range = generator.range;
        if index == 0 {
            self.emit(I::LoadLocal(0), generator.iter.range());
        } else {
            self.expression(&generator.iter);
            let iterator = if generator.is_async { I::AsyncOperation(AsyncStep::GetIterator) } else { I::GetIterator };
            self.emit(iterator, generator.iter.range());
        }
        let exhausted = self.mark();
        let start = self.here();
        if generator.is_async {
            self.jump(I::PushHandler, exhausted, range);
            self.emit(I::AsyncOperation(AsyncStep::NextItem), range);
            self.emit(I::PopHandler, range);
        } else {
            self.jump(I::ForIterator, exhausted, generator.iter.range());
        }
        self.assign(&generator.target);
        for condition in &generator.ifs {
            self.jump_if(condition, start, false);
        }
        crate::stack::with_one_more_level(|| self.rounds(generators, index + 1, element));
        self.jump(I::Jump, start, range);
        self.place(exhausted);
        if generator.is_async {
            self.emit(I::AsyncOperation(AsyncStep::EndIteration), range);
        }
    }

    fn element(&mut self, element: &Element<'a>, depth: u32) {
        match element {
            Element::List(value) => {
                self.expression(value);
                self.emit(I::ListAppend(depth), value.range());
            }
            Element::Set(value) => {
                self.expression(value);
                self.emit(I::SetAdd(depth), value.range());
            }
            Element::Dict(key, value) => {
                if let Some(key) = key {
                    self.expression(key);
                }
                self.expression(value);
                self.emit(I::MapAdd(depth), value.range());
            }
            Element::Generator(value) => {
                self.expression(value);
                self.emit(I::Yield, value.range());
                self.emit(I::Pop, value.range());
            }
        }
    }
}
