//! Calls (`compiler_call_helper`).

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use super::names::Access;
use crate::ir::{Constant, Instruction as I, Name};
use crate::names::NameId;

impl<'a> Lowerer<'a> {
    pub(super) fn call(&mut self, node: &'a ast::ExprCall) {
        self.expression(&node.func);
        if let ([Expr::Generator(only)], []) = (&node.arguments.args[..], &node.arguments.keywords[..])
            && !only.parenthesized
        {
            // For CPython the call's parentheses are the generator expression's own.
            self.generator_expression(only, node.arguments.range);
            self.emit(I::Call { positional: 1, keywords: self.no_keywords.clone() }, node.range());
            return;
        }
        self.call_with(0, &node.arguments.args, &node.arguments.keywords, None, node.range());
    }

    /// Arguments and the call itself. The callable lies on the stack, and on it `pushed` arguments.
    /// `last` is a variable to pass after the other positional arguments.
    pub(super) fn call_with(
        &mut self,
        pushed: usize,
        arguments: &'a [Expr],
        keywords: &'a [ast::Keyword],
        last: Option<NameId>,
        range: TextRange,
    ) {
        let starred = arguments.iter().any(Expr::is_starred_expr);
        let unpacked = keywords.iter().any(|keyword| keyword.arg.is_none());
        if !starred && !unpacked {
            arguments.iter().for_each(|argument| self.expression(argument));
            let mut positional = pushed + arguments.len();
            if let Some(last) = last {
                self.access(last, Access::Load, range);
                positional += 1;
            }
            let mut names: Vec<Name> = Vec::with_capacity(keywords.len());
            for keyword in keywords {
                self.expression(&keyword.value);
                names.extend(keyword.arg.as_ref().map(|name| self.keyword(name)));
            }
            let keywords = if names.is_empty() { self.no_keywords.clone() } else { names.into() };
            self.emit(I::Call { positional: positional as u32, keywords }, range);
            return;
        }
        match (arguments, last) {
            // `f(*iterable)`: the call makes a tuple of it.
            ([Expr::Starred(only)], None) if pushed == 0 => self.expression(&only.value),
            (_, None) => self.tuple(arguments, pushed, range),
            (_, Some(last)) => {
                if starred {
                    self.display(arguments, pushed, range, I::BuildList, I::ListAppend, I::ListExtend);
                } else {
                    arguments.iter().for_each(|argument| self.expression(argument));
                    self.emit(I::BuildList((pushed + arguments.len()) as u32), range);
                }
                self.access(last, Access::Load, range);
                self.emit(I::ListAppend(1), range);
                self.emit(I::ListToTuple, range);
            }
        }
        if keywords.is_empty() {
            self.emit(I::CallVariadic { keywords: false }, range);
            return;
        }
        self.keyword_mapping(keywords, range);
        self.emit(I::CallVariadic { keywords: true }, range);
    }

    /// A new dict of all keyword arguments. `[] → [dict]`
    fn keyword_mapping(&mut self, keywords: &'a [ast::Keyword], range: TextRange) {
        let mut have_dict = false;
        let mut start = 0;
        for (index, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                continue;
            }
            if index > start {
                self.named_arguments(&keywords[start..index], &mut have_dict, range);
            }
            if !have_dict {
                self.emit(I::BuildMap(0), range);
                have_dict = true;
            }
            self.expression(&keyword.value);
            self.emit(I::DictMerge, keyword.range);
            start = index + 1;
        }
        if start < keywords.len() {
            self.named_arguments(&keywords[start..], &mut have_dict, range);
        }
    }

    fn named_arguments(&mut self, keywords: &'a [ast::Keyword], have_dict: &mut bool, range: TextRange) {
        for keyword in keywords {
            if let Some(name) = &keyword.arg {
                self.constant(Constant::Str(name.as_str().into()), name.range);
            }
            self.expression(&keyword.value);
        }
        self.emit(I::BuildMap(keywords.len() as u32), range);
        if *have_dict {
            self.emit(I::DictMerge, range);
        }
        *have_dict = true;
    }

    /// Keywords of calls are not mangled.
    fn keyword(&mut self, name: &ast::Identifier) -> Name {
        let id = self.names.intern(name.as_str());
        self.names.get(id).clone()
    }
}
