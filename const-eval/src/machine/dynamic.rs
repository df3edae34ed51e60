//! `eval` and `exec` of known source text, compiled before or not, with namespaces given as dicts.
//!
//! Such code has an IR of its own and its globals are a dict; functions that it
//! makes keep both. `collections.namedtuple` and `dataclasses` build methods so.

use std::sync::Arc;

use syntax::ir::{self, Name};

use super::frame::{Frame, Scope};
use super::{Eval, Machine};
use crate::effect::Step;
use crate::heap::Object;
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};

/// The name under which the value of an evaluated expression is stored.
const RESULT: &str = ".result";

/// What text begins with that is compiled as its surroundings are.
const FUTURE_ANNOTATIONS: &str = "from __future__ import annotations\n";

/// Statements to be executed.
pub(super) struct Compiled {
    pub source: Arc<str>,
    /// Under `from __future__ import annotations`, without saying so.
    pub future_annotations: bool,
}

/// Longest source text that is evaluated, in bytes.
const MAX_SOURCE: usize = 100_000;

impl Machine<'_> {
    /// `eval(source, globals[, locals])`
    pub(super) fn eval_source(&mut self, source: &str, globals: ObjectRef, locals: ObjectRef) -> Eval<Value> {
        let source = source.trim_start_matches([' ', '\t']);
        self.provide_builtins(globals)?;
        let module = self.lower_dynamic(&format!("_ = ({source}\n)"))?;
        let [statement] = module.statements.as_slice() else {
            return self.residual(Rule::NotModelled, "`eval` of text that is not one expression");
        };
        // The only statement stores the value; the frame is stopped from binding a name by its scope.
        let scratch = self.allocate_object(Object::Dict(Default::default()));
        let code = statement.code;
        self.run_dynamic(&module, code, globals, locals, Some(scratch))?;
        match self.dict_get(&Value::Object(scratch), &Value::str(RESULT))? {
            Some(value) => Ok(value),
            None => self.malformed(),
        }
    }

    /// `eval(source)` in a function: its variables are read, but can't be bound so.
    pub(super) fn eval_in_function(&mut self, frame: &Frame, code: &ir::Code, source: &str) -> Eval<Value> {
        if frame.module != self.module || frame.globals.is_some() {
            return self.unknown_code("eval");
        }
        let locals = self.new_dict(Default::default());
        let fast = code.locals.iter().zip(&frame.locals).map(|(name, value)| (name, value.clone()));
        let fast: Vec<_> = fast.filter_map(|(name, value)| Some((name.clone(), value?))).collect();
        for (name, value) in fast.into_iter().filter(|(name, _)| !name.starts_with('.')) {
            self.dict_insert(&locals, Value::Str(name), value)?;
        }
        for (name, cell) in code.cells.iter().zip(&frame.cells) {
            if let Object::Cell(Some(value)) = self.object(*cell) {
                let value = value.clone();
                self.dict_insert(&locals, Value::Str(name.clone()), value)?;
            }
        }
        let globals = self.allocate_object(Object::Globals);
        let Value::Object(locals) = locals else { return self.malformed() };
        let before = self.length_of_dict(&Value::Object(locals))?;
        let value = self.eval_source(source, globals, locals)?;
        if self.length_of_dict(&Value::Object(locals))? != before {
            return self.residual(Rule::NotModelled, "`eval` of text that binds names in a function");
        }
        Ok(value)
    }

    /// `exec(source, globals[, locals])`
    pub(super) fn exec_source(&mut self, text: &Compiled, globals: ObjectRef, locals: ObjectRef) -> Eval<()> {
        self.provide_builtins(globals)?;
        // As if it began with the import from `__future__` that it inherits.
        let (inherited, own) = match text.future_annotations {
            true => (1, format!("{FUTURE_ANNOTATIONS}{}", text.source)),
            false => (0, text.source.to_string()),
        };
        let module = self.lower_dynamic(&own)?;
        if module.has_annotations {
            return self.residual(Rule::NotModelled, "`exec` of text with annotated names");
        }
        for statement in module.statements.iter().skip(inherited) {
            self.run_dynamic(&module, statement.code, globals, locals, None)?;
        }
        Ok(())
    }

    /// The code object that `compile(source, filename, mode)` makes.
    pub(super) fn new_compiled(&mut self, mut arguments: Vec<Value>) -> Eval<Value> {
        arguments.push(Value::Bool(self.inherits_annotations()?));
        Ok(self.new_native(self.known.code, arguments))
    }

    /// The statements from which `compile` made this code object.
    pub(super) fn compiled(&self, code: &Value) -> Option<Compiled> {
        let Value::Object(code) = code else { return None };
        match self.object(*code) {
            Object::Native(native) if native.class == self.known.code => match native.arguments.as_slice() {
                [Value::Str(source), Value::Str(_), Value::Str(mode), Value::Bool(future_annotations)]
                    if &**mode == "exec" =>
                {
                    Some(Compiled { source: source.clone(), future_annotations: *future_annotations })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether text that the running code compiles has its annotations as text, since that code has
    /// (`PyEval_MergeCompilerFlags`).
    pub(super) fn inherits_annotations(&mut self) -> Eval<bool> {
        let Some(position) = self.positions.last() else { return self.malformed() };
        match self.world.ir(position.module) {
            Some(ir) if !position.dynamic => Ok(ir.future_annotations),
            _ => self.residual(Rule::NotModelled, "compiles text within code that was evaluated from text"),
        }
    }

    fn lower_dynamic(&mut self, source: &str) -> Eval<Arc<ir::Module>> {
        if source.len() > MAX_SOURCE {
            return self.residual(Rule::Budget, "evaluates a very long text");
        }
        self.charge(source.len() / 4)?;
        let optimize = self.world.target().optimize;
        let options = syntax::LowerOptions { version: self.version(), optimize };
        match syntax::lower_source(source, &options) {
            Ok(module) => Ok(Arc::new(module)),
            Err(_) => self.residual(Rule::Raises, "evaluates text with a syntax error"),
        }
    }

    /// The interpreter puts the caller's builtins into the globals that it is given.
    fn provide_builtins(&mut self, globals: ObjectRef) -> Eval<()> {
        let (mapping, name) = (Value::Object(globals), Value::str("__builtins__"));
        if self.dict_get(&mapping, &name)?.is_none() {
            let builtins = Value::Unknown(Reason::new(Rule::Nondeterministic, "the builtins that `exec` provides"));
            self.dict_insert(&mapping, name, builtins)?;
        }
        Ok(())
    }

    fn run_dynamic(
        &mut self,
        module: &Arc<ir::Module>,
        code: ir::CodeId,
        globals: ObjectRef,
        locals: ObjectRef,
        result: Option<ObjectRef>,
    ) -> Eval<()> {
        let own = self.module;
        let mut frame = self.new_frame(module.clone(), own, code, Scope::Class(locals), &[]);
        frame.globals = Some(globals);
        frame.result = result;
        self.run_to_end(&mut frame)?;
        Ok(())
    }

    /// Keeps the value of an evaluated expression.
    pub(super) fn store_result(&mut self, scratch: ObjectRef, value: Value) -> Eval<()> {
        self.dict_insert(&Value::Object(scratch), Value::str(RESULT), value)
    }

    /// A global of code that was evaluated from text.
    pub(super) fn dynamic_global(&mut self, globals: ObjectRef, name: &Name) -> Eval<Value> {
        if let Some(value) = self.foreign_dynamic_global(globals, name) {
            return Ok(value);
        }
        let mapping = Value::Object(globals);
        if let Some(value) = self.dict_get(&mapping, &Value::Str(name.clone()))? {
            return Ok(value);
        }
        if !matches!(self.dict_get(&mapping, &Value::str("__builtins__"))?, Some(Value::Unknown(_))) {
            return self.residual(Rule::NotModelled, "evaluated text with builtins of its own");
        }
        let builtins = self.world.ground().module_index("builtins");
        let export = builtins.and_then(|index| self.world.ground().modules()[index as usize].exports.get(name));
        match export {
            Some(export) => {
                let value = self.export_value(export, "builtins", name);
                self.depend("builtins", &[name]);
                Ok(value)
            }
            None => self.raise_exactly("NameError", format!("name '{name}' is not defined")),
        }
    }

    /// The same of another module's code, as the `__new__` of a named tuple: a guard sees it through the function.
    fn foreign_dynamic_global(&mut self, globals: ObjectRef, name: &Name) -> Option<Value> {
        if self.is_own(globals) || self.has_changed_items(globals) {
            return None;
        }
        let Object::Dict(entries) = self.object(globals) else { return None };
        let (_, value) = entries.values().find(|(key, _)| matches!(key, Value::Str(key) if key == name))?;
        let value = value.clone();
        let mut path = self.path_of_function_with(globals)?;
        path.extend(["__globals__".into(), name.clone()]);
        let module = self.world.module_name(globals.owner).to_string();
        self.depend(&module, &path.iter().map(|part| &**part).collect::<Vec<_>>());
        Some(value)
    }

    /// The path to a function of another module that has these globals.
    fn path_of_function_with(&self, globals: ObjectRef) -> Option<Vec<Name>> {
        let evaluated = self.world.evaluated(globals.owner)?;
        (0..).zip(&evaluated.heap.objects).find_map(|(index, object)| match object {
            Object::Function(function) if function.dynamic.as_ref().is_some_and(|(_, dict)| *dict == globals) => {
                let place = evaluated.place(ObjectRef { owner: globals.owner, index })?;
                match place.steps.as_slice() {
                    [Step::Entry(class), Step::Entry(name), rest @ ..] => {
                        let is_class = matches!(evaluated.namespace.get(class),
                            Some(Value::Object(class)) if self.class(*class).is_some());
                        let wrapper = match rest {
                            [] => None,
                            [Step::Member("__func__")] => Some("__func__".into()),
                            _ => return None,
                        };
                        is_class.then(|| [class.clone(), name.clone()].into_iter().chain(wrapper).collect())
                    }
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// Globals and locals of a call of `eval` or `exec`: as they are given, where both are known dicts of this module,
    /// or those of the module's top level.
    pub(super) fn dynamic_namespaces(&mut self, arguments: &[Value]) -> Option<(ObjectRef, ObjectRef)> {
        if arguments.is_empty() {
            let globals = self.is_top_level().then(|| self.allocate_object(Object::Globals))?;
            return Some((globals, globals));
        }
        // `dataclasses` gives the namespace of the class's module as the globals.
        let mapping = |value: &Value| match value {
            Value::Object(object)
                if self.is_own(*object) && matches!(self.object(*object), Object::Dict(_) | Object::Globals) =>
            {
                Some(*object)
            }
            _ => None,
        };
        match arguments {
            [globals] | [globals, Value::None] => mapping(globals).map(|globals| (globals, globals)),
            [globals, locals] => Some((mapping(globals)?, mapping(locals)?)),
            _ => None,
        }
    }
}
