//! Functions: making them, binding arguments, and their attributes.

use rustc_hash::FxHashSet;
use syntax::ir::{self, CodeKind, FunctionParts, Name};

use super::frame::{Frame, Scope};
use super::{Eval, Machine};
use crate::ground::AttributeKind;
use crate::heap::{Function, Generator, GeneratorKind, Object, Payload};
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, ObjectRef, Value};

/// Positional and keyword arguments of a call.
pub(super) type Keywords = Vec<(Name, Value)>;

impl Machine<'_> {
    pub(super) fn make_function(&mut self, frame: &mut Frame, code: ir::CodeId, parts: FunctionParts) -> Eval<Value> {
        let closure = if parts.closure { Some(self.pop_part(frame)?) } else { None };
        let annotations = if parts.annotations { Some(self.pop_part(frame)?) } else { None };
        let keyword_defaults = if parts.keyword_defaults { Some(self.pop_part(frame)?) } else { None };
        let defaults = if parts.defaults { Some(self.pop_part(frame)?) } else { None };
        let defaults = match defaults {
            Some(Value::Tuple(items)) => Some(items.to_vec()),
            None => None,
            Some(_) => return self.malformed(),
        };
        let closure = match closure {
            Some(Value::Tuple(cells)) => cells
                .iter()
                .filter_map(|cell| match cell {
                    Value::Object(cell) => Some(*cell),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let block = frame.ir.code(code);
        let doc = match &block.docstring {
            Some(ir::Constant::Str(text)) => Value::Str(text.clone()),
            Some(_) => Value::Opaque(self.known.str),
            None => Value::None,
        };
        let module_name = match frame.module == self.module {
            true => self.namespace.get("__name__").cloned().unwrap_or(Value::Str(self.name.clone())),
            false => Value::str(self.world.module_name(frame.module)),
        };
        let dynamic = frame.globals.map(|globals| (frame.ir.clone(), globals));
        let module_name = match frame.globals {
            Some(globals) => {
                self.dict_get(&Value::Object(globals), &Value::str("__name__"))?.unwrap_or(Value::str("builtins"))
            }
            None => module_name,
        };
        let function = Function {
            dynamic,
            module: frame.module,
            code,
            name: Value::Str(block.name.clone()),
            qualname: Value::Str(block.qualname.clone()),
            doc,
            module_name,
            defaults,
            keyword_defaults,
            annotations,
            closure,
            attributes: Self::attributes(),
            type_parameters: None,
        };
        Ok(self.allocate(Object::Function(Box::new(function))))
    }

    fn pop_part(&mut self, frame: &mut Frame) -> Eval<Value> {
        let mut parts = self.pop_many(frame, 1)?;
        match parts.pop() {
            Some(part) => Ok(part),
            None => self.malformed(),
        }
    }

    /// `__module__` and `__qualname__`, as every class body begins.
    pub(super) fn class_prologue(&mut self, frame: &mut Frame, code: &ir::Code) -> Eval<()> {
        let module = match frame.module == self.module {
            true => self.namespace.get("__name__").cloned().unwrap_or(Value::Str(self.name.clone())),
            false => Value::str(self.world.module_name(frame.module)),
        };
        self.store_name(frame, &"__module__".into(), module)?;
        self.store_name(frame, &"__qualname__".into(), Value::Str(code.qualname.clone()))?;
        if self.version() >= (3, 13) {
            let line = Value::Opaque(self.known.int);
            self.store_name(frame, &"__firstlineno__".into(), line)?;
        }
        Ok(())
    }

    /// The names that methods set on their first parameter: in an order that only the target knows.
    pub(super) fn class_epilogue(&mut self, frame: &mut Frame) -> Eval<()> {
        if self.version() < (3, 13) {
            return Ok(());
        }
        let names = Value::Opaque(self.known.tuple);
        self.store_name(frame, &"__static_attributes__".into(), names)
    }

    pub(super) fn call_function(
        &mut self,
        object: ObjectRef,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let Object::Function(function) = self.object(object) else {
            return self.malformed();
        };
        let (module, code_id, closure) = (function.module, function.code, function.closure.clone());
        let dynamic = function.dynamic.clone();
        let Some(ir) = dynamic.as_ref().map(|(ir, _)| ir.clone()).or_else(|| self.world.ir(module).cloned()) else {
            return self.residual(Rule::UnknownCall, "calls a function whose source is not known");
        };
        if module != self.module && self.world.passage(module).is_none() {
            return self.residual(Rule::ImportCycle, "calls a function of a module in the same import cycle");
        }
        if module != self.module
            && let Some(result) = self.call_model(module, object, &positional, &keywords)?
        {
            return Ok(result);
        }
        let code = ir.code(code_id);
        let mut frame = self.new_frame(ir.clone(), module, code_id, Scope::Function, &closure);
        frame.globals = dynamic.map(|(_, globals)| globals);
        self.bind_arguments(object, code, &mut frame, positional, keywords)?;
        self.enter_function(code, frame)
    }

    /// Runs a class body in its namespace; gives the `__class__` cell if it has one.
    pub(super) fn run_class_body(&mut self, object: ObjectRef, namespace: ObjectRef) -> Eval<Value> {
        let Object::Function(function) = self.object(object) else {
            return self.malformed();
        };
        let (module, code, closure) = (function.module, function.code, function.closure.clone());
        if function.dynamic.is_some() {
            return self.residual(Rule::NotModelled, "a class statement in evaluated text");
        }
        let Some(ir) = self.world.ir(module).cloned() else {
            return self.malformed();
        };
        let mut frame = self.new_frame(ir, module, code, Scope::Class(namespace), &closure);
        self.run_to_end(&mut frame)
    }

    fn enter_function(&mut self, code: &ir::Code, mut frame: Frame) -> Eval<Value> {
        if code.is_generator || code.is_coroutine {
            let kind = match (code.is_generator, code.is_coroutine) {
                (true, true) => GeneratorKind::AsyncGenerator,
                (true, false) => GeneratorKind::Generator,
                _ => GeneratorKind::Coroutine,
            };
            let generator = self.allocate_object(Object::Generator(Box::new(Generator {
                kind,
                frame: Some(Box::new(frame)),
                running: false,
                started: false,
                name: code.name.clone(),
            })));
            if kind == GeneratorKind::Coroutine {
                let statement = self.current.index;
                self.coroutines.push((generator, statement));
            }
            self.current.generators.push(generator);
            return Ok(Value::Object(generator));
        }
        self.run_to_end(&mut frame)
    }

    /// `initialize_locals` in ceval.c.
    fn bind_arguments(
        &mut self,
        object: ObjectRef,
        code: &ir::Code,
        frame: &mut Frame,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<()> {
        let Object::Function(function) = self.object(object) else {
            return self.malformed();
        };
        let defaults = function.defaults.clone().unwrap_or_default();
        let keyword_defaults = function.keyword_defaults.clone();
        let qualname = function.qualname.clone();
        let parameters = &code.parameters;
        let positional_count = (parameters.positional_only + parameters.positional) as usize;
        let named_count = positional_count + parameters.keyword_only as usize;
        let variadic_slot = parameters.variadic.then_some(named_count);
        let keyword_slot = parameters.keyword_variadic.then_some(named_count + usize::from(parameters.variadic));
        if frame.locals.len() < parameters.count() as usize {
            return self.malformed();
        }

        let given = positional.len();
        let mut positional = positional.into_iter();
        for slot in 0..positional_count.min(given) {
            frame.locals[slot] = positional.next();
        }
        let extra: Vec<Value> = positional.collect();
        match variadic_slot {
            Some(slot) => frame.locals[slot] = Some(Value::tuple(extra)),
            None if !extra.is_empty() => {
                return self.raise(
                    "TypeError",
                    format!("{}() takes {positional_count} positional arguments but {given} were given", code.qualname),
                );
            }
            None => {}
        }

        let mut rest: Keywords = Vec::new();
        for (name, value) in keywords {
            let start = parameters.positional_only as usize;
            let slot = (start..named_count).find(|slot| code.locals[*slot] == name);
            match slot {
                Some(slot) => {
                    if frame.locals[slot].is_some() {
                        return match qualname {
                            Value::Str(function) => self.raise_exactly(
                                "TypeError",
                                format!("{function}() got multiple values for argument '{name}'"),
                            ),
                            _ => self.raise("TypeError", format!("got multiple values for argument '{name}'")),
                        };
                    }
                    frame.locals[slot] = Some(value);
                }
                None if keyword_slot.is_some() => rest.push((name, value)),
                None => {
                    return self.raise(
                        "TypeError",
                        format!("{}() got an unexpected keyword argument '{name}'", code.qualname),
                    );
                }
            }
        }
        if let Some(slot) = keyword_slot {
            let dict = self.allocate(Object::Dict(Default::default()));
            for (name, value) in rest {
                self.dict_insert(&dict, Value::Str(name), value)?;
            }
            frame.locals[slot] = Some(dict);
        }

        let first_default = positional_count.saturating_sub(defaults.len());
        for slot in 0..positional_count {
            if frame.locals[slot].is_none() {
                match slot.checked_sub(first_default).and_then(|index| defaults.get(index)) {
                    Some(default) => frame.locals[slot] = Some(default.clone()),
                    None => return self.missing_argument(code, slot, "positional"),
                }
            }
        }
        for slot in positional_count..named_count {
            if frame.locals[slot].is_none() {
                let name = Value::Str(code.locals[slot].clone());
                let default = match &keyword_defaults {
                    Some(Value::Object(dict)) => match self.object(*dict) {
                        // A function's own defaults: guarded with the function.
                        Object::Dict(entries) => {
                            crate::key::of_data(&name).and_then(|key| entries.get(&key).map(|(_, value)| value.clone()))
                        }
                        _ => None,
                    },
                    _ => None,
                };
                match default {
                    Some(default) => frame.locals[slot] = Some(default),
                    None => return self.missing_argument(code, slot, "keyword-only"),
                }
            }
        }

        // Parameters that inner functions use live in cells.
        for (index, name) in code.cells.iter().take(code.own_cells as usize).enumerate() {
            let slot = code.locals.iter().take(parameters.count() as usize).position(|local| local == name);
            if let Some(value) = slot.and_then(|slot| frame.locals[slot].clone()) {
                *self.object_mut(frame.cells[index])? = Object::Cell(Some(value));
            }
        }
        Ok(())
    }

    fn missing_argument<T>(&mut self, code: &ir::Code, slot: usize, kind: &str) -> Eval<T> {
        let name = code.locals[slot].clone();
        self.raise("TypeError", format!("{}() missing 1 required {kind} argument: '{name}'", code.qualname))
    }

    // ---- attributes that C defines

    /// A getset or member descriptor of a C type, read from an instance.
    pub(super) fn ground_getset(
        &mut self,
        receiver: &Value,
        owner: crate::ground::GroundId,
        name: &str,
    ) -> Eval<Value> {
        if name == "__class__" {
            return Ok(self.type_of(receiver)?.value());
        }
        if let Some(value) = self.regular_attribute(name, receiver)? {
            return Ok(value);
        }
        // Of what the target computes from data, its attributes are computed by it as well.
        if let Value::Object(object) = receiver
            && let Object::Native(native) = self.object(*object)
            && (native.class == self.known.code || native.class == self.known.pattern)
        {
            let receiver = Value::Opaque(native.class);
            if let Some(value) = self.code_fact(*object, name) {
                return Ok(value);
            }
            return self.ground_getset(&receiver, owner, name);
        }
        if let Some(result) = crate::primitive::attribute(receiver, name) {
            return self.primitive(result);
        }
        if let Value::Object(object) = receiver {
            let object = *object;
            if let Some(value) = self.object_getset(object, name)? {
                return Ok(value);
            }
        }
        if let Value::Ground(id) = receiver {
            if let Some(value) = self.ground_contents(*id).and_then(|contents| contents.attributes.get(name)) {
                return Ok(value.clone());
            }
            let entry = self.world.ground().entry(*id);
            match name {
                "__name__" | "__qualname__" => return Ok(Value::Str(entry.name.clone())),
                "__module__" => return Ok(Value::Str(entry.module.clone())),
                "__doc__" => return Ok(Value::Opaque(self.known.str)),
                _ => {}
            }
        }
        if let Some(class) = self.as_type(receiver) {
            return self.type_getset(class, name);
        }
        if name == "f_locals"
            && let Some(locals) = self.function_locals(receiver)
        {
            return Ok(locals);
        }
        if name == "f_globals"
            && let Some(globals) = self.caller_globals(receiver)
        {
            return Ok(globals);
        }
        if let Value::Opaque(id) = receiver {
            if *id == self.known.traceback && name == "tb_frame" {
                return Ok(Value::Opaque(self.known.frame));
            }
            if *id == self.known.frame && name == "f_locals" {
                return self.soft(Rule::NotModelled, "reads the locals of a frame".to_string(), &[]);
            }
        }
        if matches!(receiver, Value::Opaque(id) if *id == self.known.code) && name == "co_filename" {
            return Ok(self.process_text("`co_filename`"));
        }
        let owner_name = self.world.ground().entry(owner).qualified.clone();
        if let (Value::Opaque(_), Some(attribute)) = (receiver, self.ground_attribute(owner, name)) {
            let call = attribute.call;
            return self.read_described(call, &format!("{owner_name}.{name}"), receiver);
        }
        self.residual(Rule::NotModelled, format!("reads `{name}` of a `{owner_name}`"))
    }

    fn object_getset(&mut self, object: ObjectRef, name: &str) -> Eval<Option<Value>> {
        if !self.is_own(object)
            && let Some(changed) = self.changed_attribute(object, name)
        {
            return Ok(Some(changed));
        }
        if let Some(value) = self.parameter_attribute(object, name)? {
            return Ok(Some(value));
        }
        if name == "__name__" && self.version() >= (3, 13) && self.property(object).is_some() {
            return Ok(self.property_name(object));
        }
        let value = match self.object(object) {
            Object::Function(function) => match name {
                "__name__" => function.name.clone(),
                "__qualname__" => function.qualname.clone(),
                "__doc__" => function.doc.clone(),
                "__module__" => function.module_name.clone(),
                "__defaults__" => match &function.defaults {
                    Some(defaults) => Value::tuple(defaults.clone()),
                    None => Value::None,
                },
                "__kwdefaults__" => function.keyword_defaults.clone().unwrap_or(Value::None),
                "__closure__" => match function.closure.is_empty() {
                    true => Value::None,
                    false => Value::tuple(function.closure.iter().map(|cell| Value::Object(*cell)).collect()),
                },
                "__annotations__" => match &function.annotations {
                    Some(annotations) => annotations.clone(),
                    None if self.is_own(object) => {
                        let annotations = self.allocate(Object::Dict(Default::default()));
                        if let Object::Function(function) = self.object_mut(object)? {
                            function.annotations = Some(annotations.clone());
                        }
                        annotations
                    }
                    None => return Ok(self.lend_annotations(object)),
                },
                "__type_params__" => function.type_parameters.clone().unwrap_or_else(|| Value::tuple(Vec::new())),
                "__code__" if function.dynamic.is_some() => Value::Opaque(self.known.code),
                "__code__" => {
                    let (class, code) = (self.known.code, i64::from(function.code.0));
                    let arguments = vec![Value::Module(function.module), Value::int(code)];
                    self.new_native(class, arguments)
                }
                "__globals__" if function.module == self.module && function.dynamic.is_none() => {
                    self.allocate(Object::Globals)
                }
                "__globals__" if function.module != self.module && function.dynamic.is_none() => {
                    let message = format!("the namespace of `{}`", self.world.module_name(function.module));
                    Value::Unknown(Reason::of_class(Rule::ForeignContents, message, Some(self.known.dict)))
                }
                "__dict__" => self.allocate(Object::InstanceDict(object)),
                _ => return Ok(None),
            },
            Object::BoundMethod { function, receiver } => match name {
                "__func__" => function.clone(),
                "__self__" => receiver.clone(),
                _ => {
                    let function = function.clone();
                    return self.find_attribute(&function, name);
                }
            },
            Object::Property(property) => match name {
                "fget" => property.get.clone(),
                "fset" => property.set.clone(),
                "fdel" => property.delete.clone(),
                "__doc__" => property.doc.clone(),
                "__isabstractmethod__" => {
                    let accessors = [property.get.clone(), property.set.clone(), property.delete.clone()];
                    for accessor in accessors {
                        if !matches!(accessor, Value::None) && self.is_abstract(&accessor)? {
                            return Ok(Some(Value::Bool(true)));
                        }
                    }
                    Value::Bool(false)
                }
                _ => return Ok(None),
            },
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => match name {
                "__func__" | "__wrapped__" => wrapper.function.clone(),
                "__dict__" => self.allocate(Object::InstanceDict(object)),
                "__isabstractmethod__" => {
                    let function = wrapper.function.clone();
                    Value::Bool(self.is_abstract(&function)?)
                }
                _ => return Ok(None),
            },
            Object::Native(_) if name == "__dict__" => self.allocate(Object::InstanceDict(object)),
            Object::Native(native)
                if name == "__doc__"
                    && &*self.world.ground().entry(native.class).qualified == "_collections._tuplegetter" =>
            {
                let given = native.arguments.get(1).cloned();
                native.attributes.get(name).cloned().or(given).unwrap_or(Value::None)
            }
            Object::Cell(content) if name == "cell_contents" => match content.clone() {
                Some(value) => value,
                None => return self.raise_exactly("ValueError", "Cell is empty"),
            },
            Object::BoundGround { name: method, receiver, owner } => match name {
                "__name__" => Value::Str(method.clone()),
                "__self__" => receiver.clone(),
                "__qualname__" => {
                    let owner = self.world.ground().entry(*owner).name.clone();
                    Value::str(format!("{owner}.{method}"))
                }
                "__doc__" => Value::Opaque(self.known.str),
                "__module__" => Value::None,
                _ => return Ok(None),
            },
            Object::UnboundGround { name: method, owner } => match name {
                "__name__" => Value::Str(method.clone()),
                "__qualname__" => {
                    let owner = self.world.ground().entry(*owner).name.clone();
                    Value::str(format!("{owner}.{method}"))
                }
                "__doc__" => Value::Opaque(self.known.str),
                "__objclass__" => Value::Ground(*owner),
                "__module__" | "__self__" => match self.ground_attribute(*owner, method).map(|found| &found.kind) {
                    Some(AttributeKind::New | AttributeKind::StaticMethod) if name == "__module__" => Value::None,
                    Some(AttributeKind::New) => Value::Ground(*owner),
                    Some(AttributeKind::StaticMethod) => Value::None,
                    _ => return Ok(None),
                },
                _ => return Ok(None),
            },
            Object::GenericAlias { origin, arguments } => match name {
                "__origin__" => origin.clone(),
                "__args__" => Value::tuple(arguments.clone()),
                "__unpacked__" => Value::Bool(false),
                "__parameters__" => {
                    let arguments = arguments.clone();
                    self.parameters_of(&arguments)?
                }
                _ => return Ok(None),
            },
            Object::Union(arguments) => match name {
                "__args__" => Value::tuple(arguments.clone()),
                "__parameters__" => {
                    let arguments = arguments.clone();
                    self.parameters_of(&arguments)?
                }
                _ => return Ok(None),
            },
            Object::Slot { class, name: slot } => match name {
                "__name__" => Value::Str(slot.clone()),
                "__objclass__" => Value::Object(*class),
                _ => return Ok(None),
            },
            Object::Instance(instance) => match (name, &instance.payload) {
                (super::containers::DEFAULT_FACTORY, Payload::Dict(_)) if self.is_own(object) => {
                    return Ok(instance.slots.get(name).cloned());
                }
                ("__func__" | "__wrapped__", Payload::Wrapper(Some(function))) => function.clone(),
                ("__isabstractmethod__", Payload::Wrapper(Some(function))) => {
                    let function = function.clone();
                    Value::Bool(self.is_abstract(&function)?)
                }
                ("fget", Payload::Property(property)) => property.get.clone(),
                ("fset", Payload::Property(property)) => property.set.clone(),
                ("fdel", Payload::Property(property)) => property.delete.clone(),
                ("message" | "exceptions" | "args", Payload::Exception(args))
                    if let Some(value) = self.group_attribute(name, args) =>
                {
                    value
                }
                ("args", Payload::Exception(args)) => {
                    let args = args.clone();
                    if !self.is_own(object) {
                        self.contents(object)?;
                    }
                    Value::tuple(args)
                }
                (_, Payload::Exception(_)) if name != "__dict__" => return self.exception_member(object, name),
                ("__dict__", _) => self.allocate(Object::InstanceDict(object)),
                (_, Payload::Data(Value::Object(alias))) => {
                    let alias = *alias;
                    return self.object_getset(alias, name);
                }
                (_, Payload::Data(value)) => match crate::primitive::attribute(value, name) {
                    Some(result) => return self.primitive(result).map(Some),
                    None => return Ok(None),
                },
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    /// The empty `__annotations__` that another module's function without any gets when it is first asked for them
    /// (`func_get_annotations` in funcobject.c): nothing of this module may hold it when the statement has run.
    /// A guard says that it still has none. `None`: not modelled.
    fn lend_annotations(&mut self, function: ObjectRef) -> Option<Value> {
        if let Some((_, annotations)) = self.current.lent.iter().find(|(lender, _)| *lender == function) {
            return Some(Value::Object(*annotations));
        }
        let mut path = self.path_of(function).filter(|_| self.version() < (3, 14))?;
        path.push("__annotations__".into());
        let module = self.world.module_name(function.owner).to_string();
        self.depend_on(&module, &path.iter().map(|part| &**part).collect::<Vec<_>>(), true);
        let annotations = self.allocate(Object::Dict(Default::default()));
        if let Value::Object(annotations) = annotations {
            self.current.lent.push((function, annotations));
        }
        Some(annotations)
    }

    /// Stops the statement if it keeps, changes or hands on what functions of others have lent it.
    pub(super) fn check_lent(&mut self) -> Eval<()> {
        if self.current.lent.is_empty() {
            return Ok(());
        }
        let lent: FxHashSet<u32> = self.current.lent.iter().map(|(_, annotations)| annotations.index).collect();
        let is_empty =
            |index: &u32| matches!(&self.heap.objects[*index as usize], Object::Dict(entries) if entries.is_empty());
        let changed = self.current.changed.iter().map(|&index| Value::Object(ObjectRef { owner: self.module, index }));
        let handed_on = self.current.effects.iter().flat_map(|effect| effect.change.operands()).cloned();
        let is_kept = !lent.iter().all(is_empty)
            || self.leaked && (!self.current.leaked_before || self.current.runs_unknown_code)
            || changed.chain(handed_on).any(|value| self.reaches(&value, &lent))
            || !self.names_that_reach(&lent).is_empty()
            || self.is_remembered(&lent);
        match is_kept {
            true => self.residual(Rule::NotModelled, "keeps the `__annotations__` of another module's function"),
            false => Ok(()),
        }
    }

    /// `property.__name__` (`property_name` in descrobject.c, from 3.13 on). The class that holds another module's property
    /// may be one that has told it a name.
    fn property_name(&self, object: ObjectRef) -> Option<Value> {
        let property = self.property(object).filter(|_| self.is_own(object))?;
        if let Some(name) = property.attributes.get("__name__") {
            return Some(name.clone());
        }
        let Value::Object(getter) = property.get else { return None };
        match self.object(getter) {
            Object::Function(function) => Some(function.name.clone()),
            _ => None,
        }
    }

    /// The code that a code object stands for.
    pub(super) fn code_of(&self, object: ObjectRef) -> Option<(ModuleId, ir::CodeId)> {
        match self.object(object) {
            Object::Native(native) if native.class == self.known.code => match native.arguments.as_slice() {
                [Value::Module(module), Value::Int(code)] => {
                    Some((*module, ir::CodeId(u32::try_from(code.to_i64()?).ok()?)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `co_flags`, the numbers of parameters and the variables of a code object (`compute_code_flags` in `compile.c`).
    fn code_fact(&self, object: ObjectRef, name: &str) -> Option<Value> {
        const OPTIMIZED_NEWLOCALS: i64 = 0x3;
        const VARARGS: i64 = 0x4;
        const VARKEYWORDS: i64 = 0x8;
        const NESTED: i64 = 0x10;
        const GENERATOR: i64 = 0x20;
        const COROUTINE: i64 = 0x80;
        const ASYNC_GENERATOR: i64 = 0x200;
        const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
        let (module, code) = self.code_of(object)?;
        let ir = self.world.ir(module)?;
        let code = ir.code(code);
        let parameters = &code.parameters;
        let number = match name {
            "co_argcount" => i64::from(parameters.positional_only + parameters.positional),
            "co_posonlyargcount" => i64::from(parameters.positional_only),
            "co_kwonlyargcount" => i64::from(parameters.keyword_only),
            "co_varnames" if self.version() < (3, 14) && matches!(code.kind, CodeKind::Function | CodeKind::Lambda) => {
                code.read.set();
                let variables = ir.variables(code, self.version())?;
                return Some(Value::Tuple(variables.into_iter().map(|name| Value::Str(name.clone())).collect()));
            }
            // Other versions have further flags; other `__future__` imports leave theirs.
            "co_flags" if self.version() < (3, 14) && matches!(code.kind, CodeKind::Function | CodeKind::Lambda) => {
                let mut futures = ir.imports.iter().filter(|site| &*site.module == "__future__");
                if futures.any(|site| site.names.iter().any(|name| &**name != "annotations")) {
                    return None;
                }
                let kind = match (code.is_generator, code.is_coroutine) {
                    (true, true) => ASYNC_GENERATOR,
                    (true, false) => GENERATOR,
                    (false, true) => COROUTINE,
                    (false, false) => 0,
                };
                let flag = |is_set: bool, flag: i64| if is_set { flag } else { 0 };
                OPTIMIZED_NEWLOCALS
                    | kind
                    | flag(parameters.variadic, VARARGS)
                    | flag(parameters.keyword_variadic, VARKEYWORDS)
                    | flag(code.qualname.contains("<locals>"), NESTED)
                    | flag(ir.future_annotations, FUTURE_ANNOTATIONS)
            }
            _ => return None,
        };
        Some(Value::int(number))
    }

    /// `__isabstractmethod__` is true.
    pub(super) fn is_abstract(&mut self, value: &Value) -> Eval<bool> {
        match self.find_attribute(value, "__isabstractmethod__")? {
            Some(flag) => self.truth(&flag),
            None => Ok(false),
        }
    }

    /// Sets or deletes an attribute that C defines.
    pub(super) fn set_ground_getset(&mut self, object: &Value, name: &str, value: Option<Value>) -> Eval<()> {
        let (Value::Object(reference), Some(value)) = (object, value) else {
            return self.residual(Rule::NotModelled, format!("sets or deletes `{name}`"));
        };
        let reference = *reference;
        if !self.is_own(reference) && matches!(self.object(reference), Object::Function(_)) {
            return self.change_label(reference, name, value);
        }
        if matches!(self.object(reference), Object::Instance(instance) if matches!(instance.payload, Payload::Exception(_)))
        {
            return self.set_exception_member(reference, name, value);
        }
        match self.object_mut(reference)? {
            Object::Function(function) => {
                match (name, value) {
                    ("__name__", value @ Value::Str(_)) => function.name = value,
                    ("__qualname__", value @ Value::Str(_)) => function.qualname = value,
                    ("__doc__", value) => function.doc = value,
                    ("__module__", value) => function.module_name = value,
                    ("__annotations__", value) => function.annotations = Some(value),
                    ("__defaults__", Value::Tuple(items)) => function.defaults = Some(items.to_vec()),
                    ("__defaults__", Value::None) => function.defaults = None,
                    ("__kwdefaults__", Value::None) => function.keyword_defaults = None,
                    ("__kwdefaults__", value @ Value::Object(_)) => function.keyword_defaults = Some(value),
                    ("__type_params__", value @ Value::Tuple(_)) => function.type_parameters = Some(value),
                    _ => {
                        return self.residual(Rule::NotModelled, format!("sets `{name}` of a function"));
                    }
                }
                Ok(())
            }
            Object::Property(property) if name == "__doc__" => {
                property.doc = value;
                Ok(())
            }
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => {
                wrapper.attributes.insert(name.into(), value);
                Ok(())
            }
            Object::Native(native) if matches!(name, "__doc__" | "__name__" | "__qualname__" | "__module__") => {
                native.attributes.insert(name.into(), value);
                Ok(())
            }
            Object::Instance(instance) if name == "__name__" => match &mut instance.payload {
                Payload::Property(property) => {
                    property.attributes.insert(name.into(), value);
                    Ok(())
                }
                _ => self.residual(Rule::NotModelled, format!("sets `{name}` of an object implemented in C")),
            },
            Object::Instance(instance) if name == "__doc__" => {
                instance.attributes.insert(name.into(), value);
                Ok(())
            }
            Object::Cell(content) if name == "cell_contents" => {
                *content = Some(value);
                Ok(())
            }
            _ => self.residual(Rule::NotModelled, format!("sets `{name}` of an object implemented in C")),
        }
    }
}
