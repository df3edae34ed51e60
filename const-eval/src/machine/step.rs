//! The instruction loop.

use std::sync::Arc;

use syntax::ir::{self, Constant, Instruction, Name};

use super::frame::{Frame, Handler, Scope};
use super::ways::is_maybe_unbound;
use super::{Eval, Machine, Position, Stop};
use crate::effect::Changed;
use crate::ground::Export;
use crate::heap::Object;
use crate::reason::Rule;
use crate::value::{Integer, Value};
use crate::world::Resolved;

/// How a frame gives control back.
pub(crate) enum Exit {
    Return(Value),
    Yield(Value),
}

enum Flow {
    Next,
    Jump(ir::Label),
    Exit(Exit),
}

impl Machine<'_> {
    /// Runs a frame that can't yield.
    pub(super) fn run_to_end(&mut self, frame: &mut Frame) -> Eval<Value> {
        match self.run(frame)? {
            Exit::Return(value) => Ok(value),
            Exit::Yield(_) => self.residual(Rule::NotModelled, "yields outside a generator"),
        }
    }

    /// Runs a frame until it returns, yields or raises.
    pub(super) fn run(&mut self, frame: &mut Frame) -> Eval<Exit> {
        self.run_from(frame, None)
    }

    /// Runs a frame in which an exception is raised first, where it stands.
    pub(super) fn run_raising(&mut self, frame: &mut Frame, exception: Value) -> Eval<Exit> {
        self.run_from(frame, Some(exception))
    }

    fn run_from(&mut self, frame: &mut Frame, mut raised: Option<Value>) -> Eval<Exit> {
        self.positions.push(Position {
            module: frame.module,
            code: frame.code,
            counter: frame.counter,
            guarded: false,
            dynamic: frame.globals.is_some(),
        });
        if self.is_nested_too_deeply() {
            let stop = self.residual(Rule::Budget, "calls are nested too deeply to evaluate");
            self.positions.pop();
            return stop;
        }
        let ir = frame.ir.clone();
        let code = ir.code(frame.code);
        let instructions = code.instructions();
        let outside = self.handling.len();
        self.handling.extend(frame.handled.iter().cloned());
        let result = loop {
            let Some(instruction) = instructions.get(frame.counter as usize) else {
                break Ok(Exit::Return(Value::None));
            };
            if let Some(position) = self.positions.last_mut() {
                position.counter = frame.counter;
                position.guarded = !frame.handlers.is_empty();
            }
            let flow = match raised.take() {
                Some(exception) => self.raise_object(exception, None).and_then(|raised| Err(Stop::Raise(raised))),
                None => {
                    frame.counter += 1;
                    self.count_step().and_then(|()| self.step(frame, code, instruction))
                }
            };
            match flow {
                Ok(Flow::Next) => {}
                Ok(Flow::Jump(label)) => frame.counter = label,
                Ok(Flow::Exit(exit)) => break Ok(exit),
                Err(Stop::Raise(exception)) => match frame.handlers.pop() {
                    Some(handler) => {
                        frame.stack.truncate(handler.height);
                        frame.handled.truncate(handler.handled);
                        self.handling.truncate(outside + handler.handled);
                        frame.stack.push(exception);
                        frame.counter = handler.label;
                    }
                    None => break Err(Stop::Raise(exception)),
                },
                Err(stop) => break Err(stop),
            }
        };
        self.handling.truncate(outside);
        // On a residual stop the positions are kept until the reason has been made: it has.
        self.positions.pop();
        result
    }

    fn step(&mut self, frame: &mut Frame, code: &ir::Code, instruction: &Instruction) -> Eval<Flow> {
        use Instruction as I;
        match instruction {
            I::Constant(constant) => {
                let value = self.constant(constant);
                frame.stack.push(value);
            }
            I::Pop => {
                self.pop(frame)?;
            }
            I::Duplicate => {
                let top = self.peek(frame, 0)?;
                frame.stack.push(top);
            }
            I::DuplicateTwo => {
                let (first, second) = (self.peek(frame, 1)?, self.peek(frame, 0)?);
                frame.stack.push(first);
                frame.stack.push(second);
            }
            I::Swap => self.rotate(frame, 2)?,
            I::RotateThree => self.rotate(frame, 3)?,
            I::RotateFour => self.rotate(frame, 4)?,

            I::LoadName(name) => {
                let value = self.load_name(frame, name)?;
                frame.stack.push(value);
            }
            I::StoreName(name) => {
                let value = self.pop(frame)?;
                self.store_name(frame, name, value)?;
            }
            I::DeleteName(name) => self.delete_name(frame, name)?,
            I::LoadGlobal(name) => {
                let value = self.load_global(frame, name)?;
                frame.stack.push(value);
            }
            I::StoreGlobal(name) => {
                let value = self.pop(frame)?;
                self.store_global(frame, name, value)?;
            }
            I::DeleteGlobal(name) => self.delete_global(frame, name)?,
            I::LoadLocal(slot) => match frame.locals.get(*slot as usize).cloned().flatten() {
                Some(value) => frame.stack.push(value),
                None => {
                    let name = code.locals.get(*slot as usize).cloned().unwrap_or_default();
                    return self.raise_exactly(
                        "UnboundLocalError",
                        format!("cannot access local variable '{name}' where it is not associated with a value"),
                    );
                }
            },
            I::StoreLocal(slot) => {
                let value = self.pop(frame)?;
                match frame.locals.get_mut(*slot as usize) {
                    Some(local) => *local = Some(value),
                    None => return self.malformed(),
                }
            }
            I::DeleteLocal(slot) => match frame.locals.get_mut(*slot as usize).map(Option::take) {
                Some(Some(_)) => {}
                _ => {
                    let name = code.locals.get(*slot as usize).cloned().unwrap_or_default();
                    return self.raise_exactly(
                        "UnboundLocalError",
                        format!("cannot access local variable '{name}' where it is not associated with a value"),
                    );
                }
            },
            I::LoadCell(index) => {
                let value = self.load_cell(frame, code, *index)?;
                frame.stack.push(value);
            }
            I::StoreCell(index) => {
                let value = self.pop(frame)?;
                let Some(cell) = frame.cells.get(*index as usize).copied() else {
                    return self.malformed();
                };
                *self.object_mut(cell)? = Object::Cell(Some(value));
            }
            I::DeleteCell(index) => {
                self.load_cell(frame, code, *index)?;
                let Some(cell) = frame.cells.get(*index as usize).copied() else {
                    return self.malformed();
                };
                *self.object_mut(cell)? = Object::Cell(None);
            }
            I::LoadClassCell(index) => {
                let name = code.cells.get(*index as usize).cloned().unwrap_or_default();
                let value = match self.class_namespace_get(frame, &name)? {
                    Some(value) => value,
                    None => self.load_cell(frame, code, *index)?,
                };
                frame.stack.push(value);
            }
            I::LoadClosure(index) => {
                let Some(cell) = frame.cells.get(*index as usize).copied() else {
                    return self.malformed();
                };
                frame.stack.push(Value::Object(cell));
            }

            I::LoadAttribute(name) => {
                let object = self.pop(frame)?;
                let value = self.get_attribute(&object, name)?;
                frame.stack.push(value);
            }
            I::StoreAttribute(name) => {
                let object = self.pop(frame)?;
                let value = self.pop(frame)?;
                self.set_attribute(&object, name, value)?;
            }
            I::DeleteAttribute(name) => {
                let object = self.pop(frame)?;
                self.delete_attribute(&object, name)?;
            }
            I::LoadSubscript => {
                let key = self.pop(frame)?;
                let container = self.pop(frame)?;
                let value = self.get_item(&container, &key)?;
                frame.stack.push(value);
            }
            I::StoreSubscript => {
                let key = self.pop(frame)?;
                let container = self.pop(frame)?;
                let value = self.pop(frame)?;
                self.set_item(&container, &key, value)?;
            }
            I::DeleteSubscript => {
                let key = self.pop(frame)?;
                let container = self.pop(frame)?;
                self.delete_item(&container, &key)?;
            }

            I::Unary(operator) => {
                let operand = self.pop(frame)?;
                let value = self.unary(*operator, &operand)?;
                frame.stack.push(value);
            }
            I::Binary(operator) => {
                let right = self.pop(frame)?;
                let left = self.pop(frame)?;
                let value = self.binary(*operator, &left, &right)?;
                self.charge_size(&value)?;
                frame.stack.push(value);
            }
            I::InPlace(operator) => {
                let right = self.pop(frame)?;
                let left = self.pop(frame)?;
                let value = self.in_place(*operator, &left, &right)?;
                self.charge_size(&value)?;
                frame.stack.push(value);
            }
            I::Compare(comparison) => {
                let right = self.pop(frame)?;
                let left = self.pop(frame)?;
                let value = self.compare(*comparison, &left, &right)?;
                frame.stack.push(value);
            }

            I::BuildTuple(count) => {
                let tuple = Value::tuple(self.pop_many(frame, *count)?);
                self.charge_size(&tuple)?;
                frame.stack.push(tuple);
            }
            I::BuildList(count) => {
                let items = self.pop_many(frame, *count)?;
                let list = self.new_list(items);
                frame.stack.push(list);
            }
            I::BuildSet(count) => {
                let items = self.pop_many(frame, *count)?;
                let set = self.new_set(items)?;
                frame.stack.push(set);
            }
            I::BuildMap(count) => {
                let items = self.pop_many(frame, *count * 2)?;
                let dict = self.allocate(Object::Dict(Default::default()));
                let mut items = items.into_iter();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    self.dict_insert(&dict, key, value)?;
                }
                frame.stack.push(dict);
            }
            I::BuildSlice { step } => {
                let step = if *step { self.pop(frame)? } else { Value::None };
                let stop = self.pop(frame)?;
                let start = self.pop(frame)?;
                frame.stack.push(Value::Slice(Arc::new([start, stop, step])));
            }
            I::BuildString(count) => {
                let parts = self.pop_many(frame, *count)?;
                let value = self.join_strings(&parts)?;
                frame.stack.push(value);
            }
            I::ListAppend(depth) => {
                let item = self.pop(frame)?;
                let list = self.peek(frame, *depth as usize - 1)?;
                self.list_append(&list, item)?;
            }
            I::SetAdd(depth) => {
                let item = self.pop(frame)?;
                let set = self.peek(frame, *depth as usize - 1)?;
                self.set_add_alone(&set, item)?;
            }
            I::MapAdd(depth) => {
                let value = self.pop(frame)?;
                let key = self.pop(frame)?;
                let dict = self.peek(frame, *depth as usize - 1)?;
                self.dict_insert(&dict, key, value)?;
            }
            I::ListExtend => {
                let iterable = self.pop(frame)?;
                let list = self.peek(frame, 0)?;
                let items = self.collect_hinted(&iterable)?;
                self.list_extend(&list, items)?;
            }
            I::SetUpdate => {
                let iterable = self.pop(frame)?;
                let set = self.peek(frame, 0)?;
                let items = self.collect_for_set(&iterable)?;
                for item in items {
                    self.set_add(&set, item)?;
                }
            }
            I::DictUpdate | I::DictMerge => {
                let mapping = self.pop(frame)?;
                let dict = self.peek(frame, 0)?;
                self.dict_merge(&dict, &mapping, matches!(instruction, I::DictMerge))?;
            }
            I::ListToTuple => {
                let list = self.pop(frame)?;
                let items = self.list_items(&list)?;
                frame.stack.push(Value::tuple(items));
            }
            I::FormatValue { conversion, spec } => {
                let spec = if *spec { Some(self.pop(frame)?) } else { None };
                let value = self.pop(frame)?;
                let value = self.format_value(&value, *conversion, spec.as_ref())?;
                self.charge_size(&value)?;
                frame.stack.push(value);
            }

            I::Jump(label) => return Ok(Flow::Jump(*label)),
            I::JumpIfFalse(label) => {
                let value = self.pop(frame)?;
                if !self.truth(&value)? {
                    return Ok(Flow::Jump(*label));
                }
            }
            I::JumpIfTrue(label) => {
                let value = self.pop(frame)?;
                if self.truth(&value)? {
                    return Ok(Flow::Jump(*label));
                }
            }
            I::JumpIfFalseOrPop(label) => {
                let value = self.peek(frame, 0)?;
                if !self.truth(&value)? {
                    return Ok(Flow::Jump(*label));
                }
                self.pop(frame)?;
            }
            I::JumpIfTrueOrPop(label) => {
                let value = self.peek(frame, 0)?;
                if self.truth(&value)? {
                    return Ok(Flow::Jump(*label));
                }
                self.pop(frame)?;
            }
            I::JumpIfNone(label) => {
                let value = self.pop(frame)?;
                let none = self.is_identical(&value, &Value::None)?;
                if none {
                    return Ok(Flow::Jump(*label));
                }
            }
            I::GetIterator => {
                let iterable = self.pop(frame)?;
                let iterator = self.iterate(&iterable)?;
                frame.stack.push(iterator);
            }
            I::ForIterator(label) => {
                let iterator = self.peek(frame, 0)?;
                match self.next(&iterator)? {
                    Some(item) => frame.stack.push(item),
                    None => {
                        self.pop(frame)?;
                        return Ok(Flow::Jump(*label));
                    }
                }
            }
            I::UnpackSequence(count) => {
                let iterable = self.pop(frame)?;
                let items = self.unpack(&iterable, *count as usize, None)?;
                frame.stack.extend(items.into_iter().rev());
            }
            I::UnpackExtended { before, after } => {
                let iterable = self.pop(frame)?;
                let items = self.unpack(&iterable, *before as usize, Some(*after as usize))?;
                frame.stack.extend(items.into_iter().rev());
            }
            I::Return => {
                let value = self.pop(frame)?;
                return Ok(Flow::Exit(Exit::Return(value)));
            }

            I::Call { positional, keywords } => {
                let values = self.pop_many(frame, keywords.len() as u32)?;
                let positional = self.pop_many(frame, *positional)?;
                let callable = self.pop(frame)?;
                if positional.is_empty() && matches!(callable, Value::Ground(id) if id == self.known.super_) {
                    let value = self.zero_argument_super(frame, code)?;
                    frame.stack.push(value);
                    return Ok(Flow::Next);
                }
                if let [Value::Str(source)] = positional.as_slice()
                    && matches!(callable, Value::Ground(id) if id == self.known.eval)
                    && matches!(frame.scope, Scope::Function)
                    && keywords.is_empty()
                {
                    let value = self.eval_in_function(frame, code, &source.clone())?;
                    frame.stack.push(value);
                    return Ok(Flow::Next);
                }
                let keywords: Vec<(Name, Value)> = keywords.iter().cloned().zip(values).collect();
                let result = self.call(&callable, positional, keywords)?;
                frame.stack.push(result);
            }
            I::CallVariadic { keywords } => {
                let mapping = if *keywords { Some(self.pop(frame)?) } else { None };
                let arguments = self.pop(frame)?;
                let callable = self.pop(frame)?;
                let positional = self.collect(&arguments)?;
                let keywords = match mapping {
                    Some(mapping) => self.keyword_arguments(&mapping)?,
                    None => Vec::new(),
                };
                let result = self.call(&callable, positional, keywords)?;
                frame.stack.push(result);
            }
            I::MakeFunction { code, parts } => {
                let function = self.make_function(frame, *code, *parts)?;
                frame.stack.push(function);
            }
            I::LoadBuildClass => {
                if self.changed_builtin("__build_class__").is_some() {
                    return self.residual(Rule::UnknownCall, "`__build_class__` has been replaced");
                }
                self.depend("builtins", &["__build_class__"]);
                match self.world.ground().builtin("__build_class__") {
                    Some(id) => frame.stack.push(Value::Ground(id)),
                    None => {
                        return self.residual(Rule::NotModelled, "`__build_class__` is not described");
                    }
                }
            }
            I::ClassPrologue => self.class_prologue(frame, code)?,
            I::ClassEpilogue => self.class_epilogue(frame)?,
            I::SetupAnnotations => {
                if self.version() < (3, 14) && !matches!(frame.scope, Scope::Module) {
                    let name: Name = "__annotations__".into();
                    if self.class_namespace_get(frame, &name)?.is_none() {
                        let dict = self.allocate(Object::Dict(Default::default()));
                        self.store_name(frame, &name, dict)?;
                    }
                }
            }
            I::StoreAnnotation(name) => {
                let annotation = self.pop(frame)?;
                let annotations = self.load_name(frame, &"__annotations__".into())?;
                self.set_item(&annotations, &Value::Str(name.clone()), annotation)?;
            }

            I::Yield => {
                let value = self.pop(frame)?;
                frame.at_yield = true;
                return Ok(Flow::Exit(Exit::Yield(value)));
            }
            I::YieldFrom => {
                let delegate = self.peek(frame, 0)?;
                let sent = frame.sent.take();
                let iterator = match sent {
                    Some(_) => delegate,
                    None => self.iterate(&delegate)?,
                };
                self.pop(frame)?;
                match self.send_on(&iterator, sent.unwrap_or(Value::None))? {
                    Ok(item) => {
                        frame.stack.push(iterator);
                        // Comes back to this very instruction, whose iterable is now the iterator.
                        frame.counter -= 1;
                        return Ok(Flow::Exit(Exit::Yield(item)));
                    }
                    Err(result) => frame.stack.push(result),
                }
            }
            I::Await | I::AsyncOperation(_) => {
                return self.residual(Rule::NotModelled, "awaits something");
            }

            I::PushHandler(label) => {
                frame.handlers.push(Handler { label: *label, height: frame.stack.len(), handled: frame.handled.len() })
            }
            I::PushWithHandler(label) => frame.handlers.push(Handler {
                label: *label,
                height: frame.stack.len().saturating_sub(1),
                handled: frame.handled.len(),
            }),
            I::PopHandler => {
                frame.handlers.pop();
            }
            I::EnterExcept => {
                let exception = self.peek(frame, 0)?;
                frame.handled.push(exception.clone());
                self.handling.push(exception);
            }
            I::LeaveExcept => {
                frame.handled.pop();
                self.handling.pop();
            }
            I::ExceptionMatches => {
                let wanted = self.pop(frame)?;
                let exception = self.peek(frame, 0)?;
                let matches = self.exception_matches(&exception, &wanted)?;
                frame.stack.push(Value::Bool(matches));
            }
            I::ExceptionGroupMatches => {
                let wanted = self.pop(frame)?;
                let exception = self.pop(frame)?;
                let (matching, rest) = self.match_group(&exception, &wanted)?;
                frame.stack.push(rest);
                frame.stack.push(matching);
            }
            I::RaiseInGroup => {
                return self
                    .residual(Rule::NotModelled, "an exception within `except*`, which is gathered into a group");
            }
            I::Raise(0) => match self.handling.last().cloned() {
                Some(exception) => return Err(Stop::Raise(exception)),
                None => {
                    return self.residual(Rule::Nondeterministic, "raises again what an importer is handling");
                }
            },
            I::Raise(count) => {
                let cause = if *count > 1 { Some(self.pop(frame)?) } else { None };
                let exception = self.pop(frame)?;
                let exception = self.as_exception(exception)?;
                let cause = cause.map(|cause| self.as_cause(cause)).transpose()?;
                return Err(Stop::Raise(self.raise_object(exception, cause)?));
            }
            I::Reraise => {
                let exception = self.pop(frame)?;
                return Err(Stop::Raise(exception));
            }
            I::LoadAssertionError => match self.world.ground().builtin("AssertionError") {
                Some(id) => frame.stack.push(Value::Ground(id)),
                None => return self.malformed(),
            },
            I::EnterWith => {
                let manager = self.pop(frame)?;
                let (exit, entered) = self.enter_context(&manager)?;
                frame.stack.push(exit);
                frame.stack.push(entered);
            }
            I::ExitWithException => {
                let exception = self.peek(frame, 0)?;
                let exit = self.peek(frame, 1)?;
                let class = self.type_of(&exception)?.value();
                let traceback = Value::Opaque(self.known.traceback);
                let result = self.call(&exit, vec![class, exception, traceback], Vec::new())?;
                frame.stack.push(result);
            }
            I::ExitWith => {
                let exit = self.pop(frame)?;
                let result = self.call(&exit, vec![Value::None, Value::None, Value::None], Vec::new())?;
                frame.stack.push(result);
            }

            I::ImportName { level, module, names } => {
                let value = self.import_name(frame, *level, module, names)?;
                frame.stack.push(value);
            }
            I::ImportFrom(name) => {
                let module = self.peek(frame, 0)?;
                let value = self.import_from(frame, &module, name)?;
                frame.stack.push(value);
            }
            I::ImportStar => {
                let module = self.pop(frame)?;
                self.import_star(frame, &module)?;
            }

            I::MatchSequence => {
                let subject = self.peek(frame, 0)?;
                let matches = self.match_sequence(&subject)?;
                frame.stack.push(Value::Bool(matches));
            }
            I::MatchMapping => {
                let subject = self.peek(frame, 0)?;
                let matches = self.match_mapping(&subject)?;
                frame.stack.push(Value::Bool(matches));
            }
            I::MatchLength => {
                let subject = self.peek(frame, 0)?;
                let length = self.length(&subject)?;
                frame.stack.push(Value::Int(Integer::Small(length as i64)));
            }
            I::MatchKeys => {
                let keys = self.peek(frame, 0)?;
                let subject = self.peek(frame, 1)?;
                let values = self.match_keys(&subject, &keys)?;
                frame.stack.push(values);
            }
            I::MatchClass { positional } => {
                let names = self.pop(frame)?;
                let class = self.pop(frame)?;
                let subject = self.pop(frame)?;
                let attributes = self.match_class(&subject, &class, *positional as usize, &names)?;
                frame.stack.push(attributes);
            }
            I::CopyWithoutKeys => {
                let keys = self.pop(frame)?;
                let subject = self.pop(frame)?;
                let rest = self.copy_without_keys(&subject, &keys)?;
                frame.stack.push(rest);
            }

            I::TypeParameter { name, kind, bound, default } => {
                let default = if *default { Some(self.pop(frame)?) } else { None };
                let bound = match bound {
                    ir::TypeParameterBound::None => None,
                    bound => Some((*bound, self.pop(frame)?)),
                };
                let parameter = self.declared_parameter(name, *kind, bound, default)?;
                frame.stack.push(parameter);
            }
            I::TypeAlias => {
                let compute = self.pop(frame)?;
                let parameters = self.pop(frame)?;
                let name = self.pop(frame)?;
                let alias = self.declared_alias(name, parameters, compute)?;
                frame.stack.push(alias);
            }
            I::SetTypeParameters => {
                let parameters = self.pop(frame)?;
                let Value::Object(function) = self.peek(frame, 0)? else {
                    return self.malformed();
                };
                let Object::Function(function) = self.object_mut(function)? else {
                    return self.malformed();
                };
                function.type_parameters = Some(parameters);
            }
            I::SubscriptGeneric => {
                let parameters = self.pop(frame)?;
                let generic = self.subscript_generic(parameters)?;
                frame.stack.push(generic);
            }
            I::LoadFromDictOrGlobals(name) => {
                let mapping = self.pop(frame)?;
                let value = match self.class_mapping_get(&mapping, name)? {
                    Some(value) => value,
                    None => self.load_global(frame, name)?,
                };
                frame.stack.push(value);
            }
            I::LoadFromDictOrCell(index) => {
                let mapping = self.pop(frame)?;
                let name = code.cells.get(*index as usize).cloned().unwrap_or_default();
                let value = match self.class_mapping_get(&mapping, &name)? {
                    Some(value) => value,
                    None => self.load_cell(frame, code, *index)?,
                };
                frame.stack.push(value);
            }
            I::LoadNamespace => match frame.scope {
                Scope::Class(namespace) => frame.stack.push(Value::Object(namespace)),
                _ => return self.malformed(),
            },
            I::Unsupported(what) => return self.residual(Rule::NotModelled, what.to_string()),
        }
        Ok(Flow::Next)
    }

    // ---- stack

    pub(super) fn malformed<T>(&mut self) -> Eval<T> {
        self.residual(Rule::Internal, "malformed intermediate code")
    }

    pub(super) fn pop(&mut self, frame: &mut Frame) -> Eval<Value> {
        match frame.stack.pop() {
            Some(value) => Ok(value),
            None => self.malformed(),
        }
    }

    pub(super) fn peek(&mut self, frame: &Frame, depth: usize) -> Eval<Value> {
        match frame.stack.len().checked_sub(depth + 1).and_then(|index| frame.stack.get(index)) {
            Some(value) => Ok(value.clone()),
            None => self.malformed(),
        }
    }

    pub(super) fn pop_many(&mut self, frame: &mut Frame, count: u32) -> Eval<Vec<Value>> {
        match frame.stack.len().checked_sub(count as usize) {
            Some(start) => Ok(frame.stack.split_off(start)),
            None => self.malformed(),
        }
    }

    fn rotate(&mut self, frame: &mut Frame, count: usize) -> Eval<()> {
        match frame.stack.len().checked_sub(count) {
            Some(start) => {
                frame.stack[start..].rotate_right(1);
                Ok(())
            }
            None => self.malformed(),
        }
    }

    fn constant(&self, constant: &Constant) -> Value {
        match constant {
            Constant::None => Value::None,
            Constant::True => Value::Bool(true),
            Constant::False => Value::Bool(false),
            Constant::Ellipsis => Value::Ellipsis,
            Constant::Int(value) => Value::Int(Integer::Small(*value)),
            Constant::BigInt(value) => Value::Int(Integer::from((**value).clone())),
            Constant::Float(value) => Value::Float(*value),
            Constant::Imaginary(value) => Value::Complex(0.0, *value),
            Constant::Str(value) => Value::Str(value.clone()),
            Constant::Bytes(value) => Value::Bytes(value.clone()),
            Constant::SurrogateStr => Value::Opaque(self.known.str),
        }
    }

    // ---- names

    fn class_namespace_get(&mut self, frame: &Frame, name: &Name) -> Eval<Option<Value>> {
        match frame.scope {
            Scope::Class(namespace) => {
                let mapping = Value::Object(namespace);
                let class = self.type_of(&mapping)?;
                for hook in ["__getitem__", "__missing__"] {
                    if self.python_definition(class, hook).is_some() {
                        return self
                            .residual(Rule::NotModelled, "a class namespace that finds names by code of its own");
                    }
                }
                self.dict_get(&mapping, &Value::Str(name.clone()))
            }
            _ => Ok(None),
        }
    }

    fn load_name(&mut self, frame: &Frame, name: &Name) -> Eval<Value> {
        if let Some(value) = self.class_namespace_get(frame, name)? {
            return Ok(value);
        }
        self.load_global(frame, name)
    }

    pub(super) fn store_name(&mut self, frame: &mut Frame, name: &Name, value: Value) -> Eval<()> {
        if let Some(scratch) = frame.result {
            return self.store_result(scratch, value);
        }
        match frame.scope {
            Scope::Class(namespace) => self.set_item(&Value::Object(namespace), &Value::Str(name.clone()), value),
            _ => self.store_global(frame, name, value),
        }
    }

    fn delete_name(&mut self, frame: &mut Frame, name: &Name) -> Eval<()> {
        match frame.scope {
            Scope::Class(namespace) => {
                if !self.dict_remove(&Value::Object(namespace), &Value::Str(name.clone()))? {
                    return self.raise_exactly("NameError", format!("name '{name}' is not defined"));
                }
                Ok(())
            }
            _ => self.delete_global(frame, name),
        }
    }

    /// What a name of the module is bound to.
    pub(super) fn own_global(&mut self, name: &Name) -> Eval<Option<Value>> {
        let Some(value) = self.namespace.get(name).cloned() else { return Ok(None) };
        self.touch(name);
        if let Value::Unknown(reason) = &value
            && is_maybe_unbound(reason)
        {
            return self.residual(Rule::Raises, format!("`{name}` may not be bound"));
        }
        if let (Value::Unknown(reason), true) = (&value, self.unsure.contains(name)) {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownName, &format!("`{name}` may not be bound"), &reason);
        }
        if let Some((module, attribute)) = self.provenance.get(name).cloned()
            && !matches!(value, Value::Unknown(_))
        {
            self.depend_on_binding(&module, &attribute, &value);
        }
        Ok(Some(value))
    }

    pub(super) fn load_global(&mut self, frame: &Frame, name: &Name) -> Eval<Value> {
        if let Some(globals) = frame.globals {
            return self.dynamic_global(globals, name);
        }
        if frame.module == self.module {
            if let Some(value) = self.own_global(name)? {
                return Ok(value);
            }
            if self.open_namespace {
                return self.residual(
                    Rule::UnknownName,
                    format!("`{name}` may have been bound by an import whose names are not known"),
                );
            }
        } else {
            let module = self.world.module_name(frame.module).to_string();
            if let Some(value) = self.foreign_global(frame.module, name)? {
                let is_cache = matches!(&value, Value::Object(object) if self.is_function_cache(*object));
                if !is_cache && self.changed_global(frame.module, name).is_none() {
                    self.depend_on_binding(&module, name, &value);
                }
                return Ok(value);
            }
        }
        if let Some(value) = self.module_attribute_default(frame.module, name) {
            return Ok(value);
        }
        if self.world.is_package(frame.module) {
            // A submodule that is loaded shadows a builtin.
            let submodule = format!("{}.{name}", self.world.module_name(frame.module));
            if !matches!(self.world.resolve(&submodule), Resolved::Missing) {
                return self
                    .residual(Rule::UnknownName, format!("`{name}` is the module `{submodule}`, if that is loaded"));
            }
        }
        if let Some(value) = self.changed_builtin(name) {
            return self.demand_bound(name, value);
        }
        match self
            .world
            .ground()
            .module_index("builtins")
            .and_then(|index| self.world.ground().modules()[index as usize].exports.get(name))
        {
            // `exit` is there where `site` was imported.
            Some(Export::Varying | Export::Process | Export::Maybe) => {
                self.residual(Rule::Nondeterministic, format!("the builtin `{name}` is not there in every process"))
            }
            Some(export) => {
                let value = self.export_value(export, "builtins", name);
                if frame.module == self.module {
                    self.rest_on_absence(name);
                }
                self.depend("builtins", &[name]);
                Ok(value)
            }
            None if frame.module == self.module && self.porous => {
                self.residual(Rule::UnknownName, format!("`{name}` may have been bound by code that is not known"))
            }
            None => {
                // Anyone may add to the builtins.
                self.depend("builtins", &[name]);
                self.raise_exactly("NameError", format!("name '{name}' is not defined"))
            }
        }
    }

    /// A name in the namespace of a finished module; an error where the namespace isn't known.
    pub(super) fn foreign_global(&mut self, module: crate::value::ModuleId, name: &str) -> Eval<Option<Value>> {
        let Some(evaluated) = self.world.evaluated(module) else {
            let module = self.world.module_name(module).to_string();
            return self.residual(
                Rule::ImportCycle,
                format!("reads `{name}` of module `{module}`, which is part of the same import cycle or not known"),
            );
        };
        if let Some(value) = self.changed_global(module, name) {
            return self.demand_bound(name, value).map(Some);
        }
        self.current.speculates |= evaluated.speculative.contains(name);
        match evaluated.namespace.get(name) {
            Some(Value::Unknown(reason)) if is_maybe_unbound(reason) => {
                self.residual(Rule::Raises, format!("`{name}` of another module may not be bound"))
            }
            Some(value) => Ok(Some(value.clone())),
            None if evaluated.open_namespace || (evaluated.porous && self.world.ground().builtin(name).is_none()) => {
                let module = self.world.module_name(module).to_string();
                self.residual(Rule::UnknownName, format!("the names of module `{module}` are not all known"))
            }
            None => Ok(None),
        }
    }

    fn store_global(&mut self, frame: &Frame, name: &Name, value: Value) -> Eval<()> {
        if let Some(globals) = frame.globals {
            return self.dict_insert(&Value::Object(globals), Value::Str(name.clone()), value);
        }
        if frame.module != self.module {
            return self.change_global(frame.module, name, value);
        }
        if self.floor.is_some() {
            return self.refuse_older();
        }
        match self.current.imported_name.take() {
            Some(origin) if matches!(frame.scope, Scope::Module) => self.provenance.insert(name.clone(), origin),
            _ => self.provenance.remove(name),
        };
        self.current.binds = true;
        self.tainted.remove(name);
        self.suspects.settle(name);
        self.namespace.insert(name.clone(), value);
        Ok(())
    }

    fn delete_global(&mut self, frame: &Frame, name: &Name) -> Eval<()> {
        if frame.globals.is_some() {
            return self.residual(Rule::NotModelled, "deletes a global of evaluated text");
        }
        if frame.module != self.module {
            let module = self.world.module_name(frame.module).to_string();
            self.note_change(Changed::Unbound(frame.module, name.clone()));
            return self.residual(Rule::ForeignChange, format!("deletes the global `{name}` of module `{module}`"));
        }
        if self.floor.is_some() {
            return self.refuse_older();
        }
        self.current.binds = true;
        self.touch(name);
        self.tainted.remove(name);
        self.suspects.settle(name);
        self.provenance.remove(name);
        if self.unsure.contains(name) && matches!(self.namespace.get(name), Some(Value::Unknown(_))) {
            return self.residual(Rule::UnknownName, format!("`{name}` may or may not be bound"));
        }
        if self.namespace.shift_remove(name).is_none() {
            if self.open_namespace || self.porous {
                return self.residual(Rule::UnknownName, format!("`{name}` may or may not be bound"));
            }
            return self.raise_exactly("NameError", format!("name '{name}' is not defined"));
        }
        Ok(())
    }

    fn load_cell(&mut self, frame: &Frame, code: &ir::Code, index: u32) -> Eval<Value> {
        let Some(cell) = frame.cells.get(index as usize).copied() else {
            return self.malformed();
        };
        match self.object(cell) {
            Object::Cell(Some(value)) => Ok(value.clone()),
            _ => {
                let name = code.cells.get(index as usize).cloned().unwrap_or_default();
                if index < code.own_cells {
                    return self.raise_exactly(
                        "UnboundLocalError",
                        format!("cannot access local variable '{name}' where it is not associated with a value"),
                    );
                }
                // From 3.12 on (PEP 709) it may be the function's own variable, and the exception another one.
                if code.kind == ir::CodeKind::Comprehension && self.version() >= (3, 12) {
                    return self.residual(Rule::Raises, format!("`{name}` is not bound, in a comprehension"));
                }
                self.raise_exactly(
                    "NameError",
                    format!("cannot access free variable '{name}' where it is not associated with a value in enclosing scope"),
                )
            }
        }
    }

    /// `super()`: the `__class__` cell and the first argument (`super_init_without_args`).
    fn zero_argument_super(&mut self, frame: &Frame, code: &ir::Code) -> Eval<Value> {
        let Some(index) = code.cells.iter().position(|name| &**name == "__class__") else {
            return self.raise_exactly("RuntimeError", "super(): __class__ cell not found");
        };
        let class = self.load_cell(frame, code, index as u32)?;
        // The first argument may have moved into a cell.
        let first = match frame.locals.first().cloned().flatten() {
            Some(value) => value,
            None => return self.raise_exactly("RuntimeError", "super(): arg[0] deleted"),
        };
        let first = match code
            .locals
            .first()
            .and_then(|name| code.cells.iter().take(code.own_cells as usize).position(|cell| cell == name))
        {
            Some(cell) => self.load_cell(frame, code, cell as u32)?,
            None => first,
        };
        self.make_super(&class, first)
    }

    // ---- context managers

    fn enter_context(&mut self, manager: &Value) -> Eval<(Value, Value)> {
        if let Value::Unknown(reason) = manager {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownContextManager, "enters a context manager that is not known", &reason);
        }
        let class = self.type_of(manager)?;
        let (Some(enter), Some(exit)) =
            (self.special(manager, class, "__enter__")?, self.special(manager, class, "__exit__")?)
        else {
            let name = self.c_name(class);
            return self.raise("TypeError", format!("'{name}' object does not support the context manager protocol"));
        };
        let entered = self.call(&enter, Vec::new(), Vec::new())?;
        Ok((exit, entered))
    }
}
