//! Builtin functions that the evaluator implements itself.

use super::dynamic::Compiled;
use super::functions::Keywords;
use super::types::Found;
use super::{Eval, Machine, Stop};
use crate::ground::{EntryKind, GroundId};
use crate::heap::{Native, Object, Type};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};
use syntax::ir::Name;

impl Machine<'_> {
    pub(super) fn call_ground_function(
        &mut self,
        id: GroundId,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let entry = self.world.ground().entry(id);
        let (qualified, call) = (entry.qualified.clone(), entry.call);
        let arguments = positional.as_slice();
        let plain = keywords.is_empty();
        if plain
            && let Some(name) = qualified.strip_prefix("_operator.")
            && let Some(result) = self.operator_function(name, arguments)?
        {
            return Ok(result);
        }
        match (&*qualified, arguments) {
            ("builtins.__build_class__", _) => self.build_class(positional, keywords),
            ("builtins.len", [value])
                if plain
                    && self
                        .class_of_unknown(value)
                        .is_some_and(|class| class == self.known.str || class == self.known.bytes) =>
            {
                Ok(self.process_integer("the length of what differs between processes"))
            }
            ("builtins.len", [value]) if plain => {
                let length = self.length(value)?;
                Ok(Self::integer(length as i64))
            }
            ("builtins.isinstance", [value, classes]) if plain => Ok(Value::Bool(self.isinstance(value, classes)?)),
            ("builtins.issubclass", [class, classes]) if plain => Ok(Value::Bool(self.issubclass(class, classes)?)),
            ("builtins.getattr", [object, Value::Str(name)]) if plain => self.get_attribute(object, &name.clone()),
            ("builtins.getattr", [object, Value::Str(name), default]) if plain => {
                Ok(self.find_attribute(object, &name.clone())?.unwrap_or_else(|| default.clone()))
            }
            ("builtins.hasattr", [object, Value::Str(name)]) if plain => {
                Ok(Value::Bool(self.find_attribute(object, &name.clone())?.is_some()))
            }
            ("builtins.setattr", [object, Value::Str(name), value]) if plain => {
                self.set_attribute(object, &name.clone(), value.clone())?;
                Ok(Value::None)
            }
            ("builtins.delattr", [object, Value::Str(name)]) if plain => {
                self.delete_attribute(object, &name.clone())?;
                Ok(Value::None)
            }
            ("posix.fspath", [text]) if plain && self.is_process_text(text) => {
                self.known_effect(Rule::Nondeterministic, "computes with text that differs between processes");
                Ok(text.clone())
            }
            ("builtins.callable", [value]) if plain => Ok(Value::Bool(self.callable(value)?)),
            ("builtins.iter", [value]) if plain => self.iterate(value),
            ("builtins.iter", [function, sentinel]) if plain => self.iterate_calls(function, sentinel),
            ("builtins.next", [iterator]) if plain => self.next_or_stop(iterator),
            ("builtins.next", [iterator, default]) if plain => {
                Ok(self.next(iterator)?.unwrap_or_else(|| default.clone()))
            }
            ("builtins.repr", [value]) if plain => self.repr_of(value),
            ("builtins.format", [value]) if plain => self.format_with(value, ""),
            ("builtins.format", [value, Value::Str(spec)]) if plain => self.format_with(value, &spec.clone()),
            ("builtins.id", [value]) if plain => match self.identity_of(value) {
                Some(identity) => Ok(identity),
                None => self.call_primitive_function(&qualified, call, positional, keywords),
            },
            // Neither hooks nor what else refers to an object have a say in these (`save` in _pickle.c).
            ("_pickle.dumps", [value, protocol @ ..]) if plain && is_atom(value) && is_protocol(protocol) => {
                Ok(Value::Opaque(self.known.bytes))
            }
            ("builtins.hash", [value]) if plain => {
                // The number itself is process-dependent for most types; asking for it may run `__hash__`.
                if self.hashing > 0 {
                    let key = self.key(value)?;
                    self.hashed.push((value.clone(), key));
                    return Ok(Value::Opaque(self.known.int));
                }
                match primitive::call_function(self.context(), "hash", std::slice::from_ref(value), &[]) {
                    Ok(product) => self.product(product),
                    Err(_) => self.residual(Rule::Nondeterministic, "a hash differs between processes"),
                }
            }
            ("builtins.sorted", [iterable]) => {
                let items = self.collect_unordered_for_sort(iterable, &keywords)?;
                let is_ordered = self.set_entries(iterable)?.is_none();
                match self.sorted(items, keywords) {
                    Err(Stop::Raise(_)) if !is_ordered => {
                        self.residual(Rule::Nondeterministic, "which items of a set are compared first may differ")
                    }
                    sorted => {
                        let sorted = sorted?;
                        Ok(self.new_list(sorted))
                    }
                }
            }
            ("builtins.any" | "builtins.all", [iterable]) if plain => {
                let wanted = &*qualified == "builtins.any";
                let iterator = self.iterate(iterable)?;
                while let Some(item) = self.next(&iterator)? {
                    if self.truth(&item)? == wanted {
                        return Ok(Value::Bool(wanted));
                    }
                }
                Ok(Value::Bool(!wanted))
            }
            ("builtins.sum", [iterable, rest @ ..]) if rest.len() <= 1 => {
                let mut total = rest
                    .first()
                    .cloned()
                    .or_else(|| keywords.first().map(|(_, value)| value.clone()))
                    .unwrap_or(Self::integer(0));
                let floats = self.version() >= (3, 12);
                for item in self.collect_between_calls(iterable)? {
                    // From 3.12 on, sums of floats are compensated.
                    if floats && matches!(item, Value::Float(_) | Value::Complex(..)) {
                        return self.residual(Rule::NotModelled, "the compensated sum of floats");
                    }
                    total = self.binary(syntax::ir::BinaryOperator::Add, &total, &item)?;
                }
                Ok(total)
            }
            ("builtins.min" | "builtins.max", [_, ..]) => {
                self.extreme(&*qualified == "builtins.max", positional, keywords)
            }
            ("builtins.print", _) => {
                for value in arguments {
                    if !self.is_inert(value) {
                        return self.residual(Rule::ProcessEffect, "`print` writes to standard output");
                    }
                }
                self.effect(Rule::ProcessEffect, "`print` writes to standard output");
                Ok(Value::None)
            }
            ("builtins.globals", []) if keywords.is_empty() && self.is_own_frame() => {
                Ok(self.allocate(Object::Globals))
            }
            ("builtins.locals" | "builtins.vars", []) if keywords.is_empty() && self.is_top_level() => {
                Ok(self.allocate(Object::Globals))
            }
            ("sys._getframemodulename", _) => Ok(match self.caller_module_name(arguments, &keywords) {
                Some(name) => name,
                None => return self.residual(Rule::NotModelled, "asks for the module of a caller"),
            }),
            // A function's own frame is known by the kind of its locals.
            ("sys._getframe", []) if self.is_in_function() => {
                let (class, name) = (self.known.frame, self.caller_module_name(&[], &Keywords::new()));
                Ok(self.new_native(class, vec![name.unwrap_or(Value::None), Value::Bool(true)]))
            }
            // The frame itself tells nothing yet.
            ("sys._getframe", []) => Ok(Value::Opaque(self.known.frame)),
            ("sys._getframe", [Value::Int(_)]) if plain => match self.caller_module_name(arguments, &keywords) {
                Some(name) => {
                    let class = self.known.frame;
                    Ok(self.new_native(class, vec![name]))
                }
                None => self.residual(Rule::NotModelled, "asks for the frame of a caller"),
            },
            ("builtins.dir", [Value::GroundModule(index)]) if plain => self.names_of_module(*index),
            ("builtins.dir", [object]) if plain => match self.names_of_plain_object(object)? {
                Some(names) => Ok(self.new_list(names)),
                None => self.residual(Rule::NotModelled, "`dir` of an object whose names are not all known"),
            },
            ("builtins.dir", []) if self.is_top_level() => {
                let globals = self.allocate(Object::Globals);
                let mut names: Vec<Name> = Vec::new();
                for (key, _) in self.dict_entries(&globals)?.unwrap_or_default().into_values() {
                    match key {
                        Value::Str(name) => names.push(name),
                        _ => return self.residual(Rule::NotModelled, "a global whose name is not a string"),
                    }
                }
                names.sort();
                let names = names.into_iter().map(Value::Str).collect();
                Ok(self.new_list(names))
            }
            // Of another module's function: names can be set in it, and nothing else.
            ("builtins.globals", []) if plain && self.foreign_frame().is_some() => {
                let class = self.known.dict;
                let module = self.foreign_frame().map_or(Value::None, Value::Module);
                Ok(self.new_native(class, vec![module]))
            }
            ("builtins.globals" | "builtins.locals" | "builtins.vars" | "builtins.dir", []) => {
                self.open_namespace = true;
                self.residual(
                    Rule::UnknownNamespace,
                    format!("`{}()` hands out or reads the namespace itself", entry.name),
                )
            }
            ("builtins.eval", [Value::Str(source), rest @ ..]) if plain => match self.dynamic_namespaces(rest) {
                Some((globals, locals)) => self.eval_source(&source.clone(), globals, locals),
                None => self.unknown_code("eval"),
            },
            ("builtins.exec", [Value::Str(source), rest @ ..]) if plain => match self.dynamic_namespaces(rest) {
                Some((globals, locals)) => {
                    let text = Compiled { source: source.clone(), future_annotations: self.inherits_annotations()? };
                    self.exec_source(&text, globals, locals)?;
                    Ok(Value::None)
                }
                None => self.unknown_code("exec"),
            },
            ("builtins.exec" | "builtins.eval", [code @ Value::Object(_), rest @ ..])
                if plain && let Some(compiled) = self.compiled(code) =>
            {
                match self.dynamic_namespaces(rest) {
                    Some((globals, locals)) => {
                        self.exec_source(&compiled, globals, locals)?;
                        Ok(Value::None)
                    }
                    None => self.unknown_code(&entry.name),
                }
            }
            // The target compiles with every warning an error.
            ("builtins.compile", [Value::Str(_), Value::Str(_), Value::Str(_)]) if plain => {
                let result = crate::ground::ResultType::Exactly(self.known.code);
                let call = crate::ground::CallClass { effect: crate::ground::Effect::Pure, result };
                match self.pure_result(call, "builtins.compile", None, positional.clone(), keywords) {
                    Ok(_) => self.new_compiled(positional),
                    Err(Stop::Raise(exception)) => {
                        let warning = self.world.ground().builtin("Warning");
                        match warning {
                            Some(warning) if !self.is_instance_of(&exception, warning)? => Err(Stop::Raise(exception)),
                            _ => self.residual(Rule::ProcessEffect, "`compile` warns"),
                        }
                    }
                    Err(stop) => Err(stop),
                }
            }
            ("builtins.vars", [object]) if plain => match self.find_attribute(object, "__dict__")? {
                Some(dict) => Ok(dict),
                None => self.raise_exactly("TypeError", "vars() argument must have __dict__ attribute"),
            },
            ("builtins.exec" | "builtins.eval", _) => self.unknown_code(&entry.name),
            ("sys.exception", []) if plain => self.handled_exception(),
            ("sys.exc_info", []) if plain => {
                let exception = self.handled_exception()?;
                let class = self.type_of(&exception)?.value();
                let traceback = self.get_attribute(&exception, "__traceback__")?;
                Ok(Value::tuple(vec![class, exception, traceback]))
            }
            ("builtins.__import__", _) => self.call_import(&positional, &keywords),
            (
                "_codecs_cn.getcodec"
                | "_codecs_hk.getcodec"
                | "_codecs_iso2022.getcodec"
                | "_codecs_jp.getcodec"
                | "_codecs_kr.getcodec"
                | "_codecs_tw.getcodec",
                [name @ Value::Str(_)],
            ) if plain => self.multibyte_codec(&qualified, name.clone()),
            ("_typing._idfunc", [value]) if plain => Ok(value.clone()),
            ("sys.intern", [value @ Value::Str(_)]) if plain => Ok(value.clone()),
            ("_abc._abc_init", [class]) => self.abc_init(&class.clone()),
            ("_abc._abc_register", [class, subclass]) if plain => {
                self.abc_register(id, &class.clone(), &subclass.clone())
            }
            ("_csv.register_dialect", [Value::Str(_), dialect]) if plain => {
                self.register_dialect(id, &positional[0].clone(), &dialect.clone())
            }
            ("_abc._abc_instancecheck", [class, value]) => {
                let class = class.clone();
                let of = self.type_of(value)?;
                self.abstract_check(&class, of)
            }
            ("_abc._abc_subclasscheck", [class, subclass]) => {
                let class = class.clone();
                match self.as_type(subclass) {
                    Some(subclass) => self.abstract_check(&class, subclass),
                    None => {
                        self.residual(Rule::NotModelled, "asks whether something that is not a class is a subclass")
                    }
                }
            }
            ("_functools.reduce", [function, iterable, rest @ ..]) if plain && rest.len() <= 1 => {
                let mut items = self.collect_between_calls(iterable)?.into_iter();
                let mut total = match rest.first().cloned().or_else(|| items.next()) {
                    Some(total) => total,
                    None => {
                        return self.raise("TypeError", "reduce() of empty iterable with no initial value");
                    }
                };
                for item in items {
                    total = self.call(function, vec![total, item], Vec::new())?;
                }
                Ok(total)
            }
            _ => self.call_primitive_function(&qualified, call, positional, keywords),
        }
    }

    /// `__name__` of the code `depth` calls up (`sys._getframemodulename`).
    pub(super) fn caller_module_name(&self, positional: &[Value], keywords: &Keywords) -> Option<Value> {
        let depth = match (positional, keywords.as_slice()) {
            ([], []) => 0,
            ([Value::Int(depth)], []) => usize::try_from(depth.to_i64()?).ok()?,
            ([], [(name, Value::Int(depth))]) if &**name == "depth" => usize::try_from(depth.to_i64()?).ok()?,
            _ => return None,
        };
        let position = self.positions.len().checked_sub(depth + 1).and_then(|index| self.positions.get(index))?;
        match position.module == self.module {
            _ if position.dynamic => None,
            true => self.namespace.get("__name__").cloned().or(Some(Value::Str(self.name.clone()))),
            false => Some(Value::str(self.world.module_name(position.module))),
        }
    }

    pub(super) fn new_native(&mut self, class: GroundId, arguments: Vec<Value>) -> Value {
        let (keywords, attributes) = (Vec::new(), Self::attributes());
        self.allocate(Object::Native(Box::new(Native { class, arguments, keywords, attributes })))
    }

    /// An object of a C type that is known by its attributes.
    pub(super) fn new_native_with(&mut self, class: GroundId, named: impl IntoIterator<Item = (Name, Value)>) -> Value {
        let (arguments, keywords) = (Vec::new(), Vec::new());
        let mut attributes = Self::attributes();
        attributes.extend(named);
        self.allocate(Object::Native(Box::new(Native { class, arguments, keywords, attributes })))
    }

    /// Is the innermost frame that of a function?
    pub(super) fn is_in_function(&self) -> bool {
        self.positions.last().is_some_and(|position| {
            !position.dynamic
                && self.world.ir(position.module).is_some_and(|ir| {
                    matches!(ir.code(position.code).kind, syntax::ir::CodeKind::Function | syntax::ir::CodeKind::Lambda)
                })
        })
    }

    /// `f_locals` of a function's frame: a proxy from 3.13 on (PEP 667), of which nothing is known but its type.
    pub(super) fn function_locals(&self, frame: &Value) -> Option<Value> {
        let Value::Object(object) = frame else { return None };
        let Object::Native(native) = self.object(*object) else { return None };
        if native.class != self.known.frame || native.arguments.len() != 2 {
            return None;
        }
        if self.version() < (3, 13) {
            return None;
        }
        self.world.ground().find("builtins.FrameLocalsProxy").map(Value::Opaque)
    }

    /// `f_globals` of a caller's frame: nothing can be read of it but `__name__`.
    pub(super) fn caller_globals(&mut self, frame: &Value) -> Option<Value> {
        let Value::Object(object) = frame else { return None };
        let Object::Native(native) = self.object(*object) else { return None };
        if native.class != self.known.frame {
            return None;
        }
        let (class, arguments) = (self.known.dict, native.arguments.clone());
        Some(self.new_native(class, arguments))
    }

    /// The other module whose code is running.
    fn foreign_frame(&self) -> Option<crate::value::ModuleId> {
        let position = self.positions.last()?;
        (position.module != self.module && !position.dynamic).then_some(position.module)
    }

    /// The running code is this module's.
    fn is_own_frame(&self) -> bool {
        self.positions.last().is_some_and(|position| position.module == self.module)
    }

    /// The running code is a top-level statement.
    pub(super) fn is_top_level(&self) -> bool {
        self.positions.len() == 1
    }

    /// `dir(module)` of a module implemented in C.
    fn names_of_module(&mut self, index: u32) -> Eval<Value> {
        let module = &self.world.ground().modules()[index as usize];
        let builtin = self.world.ground().module_index("sys").is_some_and(|sys| {
            match self.world.ground().modules()[sys as usize].exports.get("builtin_module_names") {
                Some(crate::ground::Export::Constant(Value::Tuple(names))) => {
                    names.iter().any(|name| matches!(name, Value::Str(name) if *name == module.name))
                }
                _ => false,
            }
        });
        if !module.complete || self.has_changed_ground_globals(index) {
            return self.residual(Rule::NotModelled, format!("`dir` of module `{}`", module.name));
        }
        // Whether names were added to one that differs between processes, no guard tells.
        let path: &[&str] = if self.is_told_apart(index) { &["__dict__"] } else { &[] };
        self.depend(&module.name, path);
        let mut names: Vec<std::sync::Arc<str>> = module.exports.keys().cloned().collect();
        let file = (!builtin).then_some("__file__");
        for given in ["__doc__", "__loader__", "__name__", "__package__", "__spec__"].into_iter().chain(file) {
            if !names.iter().any(|name| &**name == given) {
                names.push(given.into());
            }
        }
        names.sort();
        let names = names.into_iter().map(Value::Str).collect();
        Ok(self.new_list(names))
    }

    /// `dir(object)` of an own instance, or class, where neither it nor a class above it says what its names are
    /// (`object___dir___impl`, `type___dir___impl`). What a class has from C is in its namespace at run time only.
    fn names_of_plain_object(&mut self, object: &Value) -> Eval<Option<Vec<Value>>> {
        let Value::Object(reference) = object else { return Ok(None) };
        let (class, own): (Type, Vec<Name>) = match self.object(*reference) {
            Object::Class(_) => (Type::Class(*reference), Vec::new()),
            Object::Instance(instance) => (instance.class, instance.attributes.keys().cloned().collect()),
            _ => return Ok(None),
        };
        let of = self.type_of(object)?;
        let asks = ["__dir__", "__class__", "__getattribute__", "__getattr__"];
        if !self.is_own(*reference) || asks.iter().any(|name| self.python_definition(of, name).is_some()) {
            return Ok(None);
        }
        let mut names: std::collections::BTreeSet<Name> = own.into_iter().collect();
        for entry in self.mro(class) {
            match entry {
                Type::Ground(id) if id == self.known.object => {
                    names.extend(self.type_info(id).into_iter().flat_map(|info| info.attributes.keys().cloned()));
                }
                Type::Class(object) if self.is_own(object) => {
                    let Some(class) = self.class(object) else { return Ok(None) };
                    if !class.slots.is_empty() || class.is_abc || !class.instance_dict {
                        return Ok(None);
                    }
                    names.extend(class.namespace.keys().cloned());
                    names.extend(["__module__", "__doc__", "__dict__", "__weakref__"].map(Name::from));
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(names.into_iter().map(Value::Str).collect()))
    }

    /// `abs`, `chr`, `ord`, `round`, … on data; everything else by its description.
    fn call_primitive_function(
        &mut self,
        qualified: &str,
        call: crate::ground::CallClass,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let data = positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(super::operators::is_data);
        if data
            && let Some(name) = qualified.strip_prefix("builtins.")
            && matches!(name, "abs" | "ascii" | "bin" | "chr" | "divmod" | "hex" | "oct" | "ord" | "pow" | "round")
        {
            let keywords: Vec<(&str, Value)> = keywords.iter().map(|(name, value)| (&**name, value.clone())).collect();
            let outcome = primitive::call_function(self.context(), name, &positional, &keywords);
            let product = self.primitive(outcome)?;
            return self.product(product);
        }
        match (qualified, positional.as_slice()) {
            ("builtins.abs", [value]) => {
                if let Some(method) = self.python_special(value, "__abs__")? {
                    return self.call(&method, Vec::new(), Vec::new());
                }
            }
            ("builtins.round", [value, digits @ ..]) if keywords.is_empty() && digits.len() < 2 => {
                if let Some(method) = self.python_special(value, "__round__")? {
                    let digits = digits.iter().filter(|digits| !matches!(digits, Value::None)).cloned().collect();
                    return self.call(&method, digits, Vec::new());
                }
            }
            ("builtins.divmod", [left, right]) => {
                if let Some(result) = self.python_divmod(left, right)? {
                    return Ok(result);
                }
            }
            ("builtins.hex" | "builtins.oct" | "builtins.bin" | "builtins.chr", [value @ Value::Object(_)])
                if self.python_special(value, "__index__")?.is_some() =>
            {
                let index = self.as_index(value)?;
                return self.call_primitive_function(qualified, call, vec![index], keywords);
            }
            _ => {}
        }
        self.call_described(call, qualified, None, positional, keywords)
    }

    pub(super) fn unknown_code(&mut self, function: &str) -> Eval<Value> {
        self.current.reached = true;
        self.residual(Rule::UnknownNamespace, format!("`{function}` runs code that is not known"))
    }

    /// Items to be sorted: a set's too, if no two are equal by the key.
    fn collect_unordered_for_sort(&mut self, iterable: &Value, keywords: &Keywords) -> Eval<Vec<Value>> {
        if keywords.is_empty() && self.set_entries(iterable)?.is_some() {
            self.collect_unordered(iterable)
        } else {
            self.collect_hinted(iterable)
        }
    }

    /// Items of which one is the least: a set's too, where the order can't matter, because all are
    /// strings, or all are integers, and no two are equal.
    fn collect_for_extreme(&mut self, iterable: &Value, key_function: &Value) -> Eval<Vec<Value>> {
        if let (Value::None, Some(entries)) = (key_function, self.set_entries(iterable)?) {
            let strings = entries.values().all(|item| matches!(item, Value::Str(_)));
            let integers = entries.values().all(|item| matches!(item, Value::Int(_)));
            if strings || integers {
                return self.collect_unordered(iterable);
            }
        }
        self.collect_between_calls(iterable)
    }

    fn extreme(&mut self, largest: bool, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let mut default = None;
        let mut key_function = Value::None;
        for (name, value) in keywords {
            match &*name {
                "default" => default = Some(value),
                "key" => key_function = value,
                _ => {
                    return self.raise("TypeError", format!("min() got an unexpected keyword argument '{name}'"));
                }
            }
        }
        let items = match positional.as_slice() {
            [iterable] => self.collect_for_extreme(iterable, &key_function)?,
            _ => positional,
        };
        let is_integer =
            |value: &Value| matches!(value, Value::Int(_)) || self.class_of_unknown(value) == Some(self.known.int);
        if matches!(key_function, Value::None)
            && items.iter().all(is_integer)
            && items.iter().any(|item| self.class_of_unknown(item).is_some())
        {
            return Ok(self.process_integer("the extreme of what differs between processes"));
        }
        let mut best: Option<(Value, Value)> = None;
        for item in items {
            let key = match &key_function {
                Value::None => item.clone(),
                function => self.call(&function.clone(), vec![item.clone()], Vec::new())?,
            };
            let better = match &best {
                None => true,
                Some((champion, _)) => {
                    let comparison =
                        if largest { syntax::ir::Comparison::Greater } else { syntax::ir::Comparison::Less };
                    let result = self.compare(comparison, &key, &champion.clone())?;
                    self.truth(&result)?
                }
            };
            if better {
                best = Some((key, item));
            }
        }
        match (best, default) {
            (Some((_, item)), _) => Ok(item),
            (None, Some(default)) => Ok(default),
            (None, None) => self.raise("ValueError", "min() iterable argument is empty"),
        }
    }

    pub(super) fn callable(&mut self, value: &Value) -> Eval<bool> {
        if self.is_surely_callable(value) {
            return Ok(true);
        }
        if let Value::Ground(id) = value
            && let EntryKind::Instance { .. } = self.world.ground().entry(*id).kind
        {
            return self.residual(Rule::NotModelled, "asks whether an object implemented in C is callable");
        }
        let class = self.type_of(value)?;
        Ok(self.lookup(class, "__call__").is_some())
    }

    pub(super) fn isinstance(&mut self, value: &Value, classes: &Value) -> Eval<bool> {
        if let Value::Unknown(reason) = classes {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownOperation, "`isinstance` with a class that is not known", &reason);
        }
        if let Value::Unknown(reason) = value
            && self.is_no_loader_class(reason, classes)
        {
            return Ok(false);
        }
        let exact = match self.class_of_unknown(value) {
            Some(class) => {
                self.known_effect(Rule::Nondeterministic, "computes with what differs between processes");
                Type::Ground(class)
            }
            None => self.type_of(value)?,
        };
        if self.class_of_unknown(value).is_some()
            && let Value::Ground(class) = classes
        {
            return Ok(self.is_subtype(exact, Type::Ground(*class)));
        }
        match &self.plain_tuple(classes) {
            Value::Tuple(items) => {
                for item in items.clone().iter() {
                    if self.isinstance(value, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Object(object) if matches!(self.object(*object), Object::Union(_)) => {
                let Object::Union(members) = self.object(*object) else {
                    return self.malformed();
                };
                for member in members.clone() {
                    if self.isinstance(value, &member)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => {
                let class = self.as_type(classes);
                if class == Some(exact) {
                    return Ok(true);
                }
                if let Some(answer) = self.ask_class("__instancecheck__", classes, value)? {
                    return Ok(answer);
                }
                match class {
                    Some(class) => self.is_instance(value, class),
                    None => self.isinstance_of_object(classes),
                }
            }
        }
    }

    /// What the type of `classes` says in Python by this hook. `None`: it has none.
    fn ask_class(&mut self, hook: &str, classes: &Value, value: &Value) -> Eval<Option<bool>> {
        let metaclass = self.type_of(classes)?;
        let Some(found) = self.python_definition(metaclass, hook) else { return Ok(None) };
        let bound = self.bind(Found::Value(found), hook, Some(classes), metaclass)?;
        let answer = self.call(&bound, vec![value.clone()], Vec::new())?;
        self.truth(&answer).map(Some)
    }

    /// `isinstance` with what is no class, and has no hook in Python (`object_recursive_isinstance` in abstract.c).
    fn isinstance_of_object(&mut self, classes: &Value) -> Eval<bool> {
        let class = self.type_of(classes)?;
        if self.lookup(class, "__instancecheck__").is_some() || self.find_attribute(classes, "__bases__")?.is_some() {
            return self.residual(Rule::NotModelled, "`isinstance` with an object that is no class and decides itself");
        }
        self.raise("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union")
    }

    /// `issubclass` of what is no class: `TypeError`, unless it has `__bases__` (`check_class` in abstract.c).
    fn issubclass_of_object(&mut self, object: &Value, class: Type) -> Eval<bool> {
        let has_bases = match object {
            // A loader may be a class, but not one that derives from this module's.
            Value::Unknown(reason)
                if self.may_be_loader_class(reason) && matches!(class, Type::Class(class) if self.is_own(class)) =>
            {
                if self.decide("whether a loader is a class")? {
                    return Ok(false);
                }
                false
            }
            Value::Unknown(reason) if super::attributes::is_loader_fact(reason) => false,
            Value::Unknown(reason) => {
                let reason = reason.clone();
                let message = "`issubclass` of something that is not known to be a class";
                return self.unknown(Rule::UnknownOperation, message, &reason);
            }
            Value::Module(module) if *module != self.module => self.has_module_attribute(*module, "__bases__")?,
            Value::GroundModule(index) => {
                let module = &self.world.ground().modules()[*index as usize];
                ["__bases__", "__getattr__"].iter().any(|name| module.exports.contains_key(*name))
            }
            _ => matches!(self.find_attribute(object, "__bases__")?, Some(Value::Tuple(_) | Value::Unknown(_))),
        };
        if has_bases {
            return self.residual(Rule::NotModelled, "`issubclass` of an object that has `__bases__`");
        }
        self.raise_exactly("TypeError", "issubclass() arg 1 must be a class")
    }

    /// An instance of a subclass of tuple as what it holds, anything else as it is.
    fn plain_tuple(&self, value: &Value) -> Value {
        match self.plain_data(value) {
            tuple @ Value::Tuple(_) => tuple,
            _ => value.clone(),
        }
    }

    pub(super) fn issubclass(&mut self, subclass: &Value, classes: &Value) -> Eval<bool> {
        match &self.plain_tuple(classes) {
            Value::Tuple(items) => {
                for item in items.clone().iter() {
                    if self.issubclass(subclass, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => {
                let Some(class) = self.as_type(classes) else {
                    return self.residual(Rule::UnknownOperation, "`issubclass` with a class that is not known");
                };
                if let Some(answer) = self.ask_class("__subclasscheck__", classes, subclass)? {
                    return Ok(answer);
                }
                match self.as_type(subclass) {
                    Some(subclass) => Ok(self.is_subtype(subclass, class)),
                    None => self.issubclass_of_object(subclass, class),
                }
            }
        }
    }

    /// Records that the result rests on a builtin type, or a class of another module, not being registered as an abstract
    /// class of another module, nor as one that derives from it. The guard asks what this asks.
    fn rest_on_exclusion(&mut self, class: Type, of: Type) -> bool {
        let Type::Class(class) = class else { return false };
        let is_proven = self.world.evaluated(class.owner).is_some_and(|evaluated| evaluated.is_proven());
        if self.is_ours(class) || !is_proven || self.is_registered_by_others(Type::Class(class), of) {
            return false;
        }
        let Some(name) = self.bound_name(class) else { return false };
        let asked = match of {
            Type::Ground(of) => {
                let entry = self.world.ground().entry(of);
                if &*entry.module != "builtins" {
                    return false;
                }
                entry.name.to_string()
            }
            Type::Class(of) => {
                let Some(of_name) = self.bound_name(of).filter(|_| !self.is_ours(of)) else { return false };
                let module = self.world.module_name(of.owner).to_string();
                self.depend(&module, &[&of_name]);
                format!("{module}:{of_name}")
            }
        };
        let module = self.world.module_name(class.owner).to_string();
        self.depend(&module, &[&name, &format!("{ASKS_SUBCLASS}{asked}")]);
        true
    }

    /// The class's own name, if its module has bound it so.
    fn bound_name(&self, class: ObjectRef) -> Option<Name> {
        let name = self.class(class)?.name.clone();
        let bound = self.world.evaluated(class.owner)?.namespace.get(&name)?;
        matches!(bound, Value::Object(bound) if *bound == class).then_some(name)
    }

    /// `ABCMeta.__instancecheck__`: real subclasses are certain, and so is the
    /// absence where nothing was registered and no hook asks.
    fn abstract_check(&mut self, class: &Value, of: Type) -> Eval<Value> {
        let Some(class) = self.as_type(class) else {
            return self.malformed();
        };
        if self.is_subtype(of, class) {
            return Ok(Value::Bool(true));
        }
        if let Some(answer) = self.subclass_hook(&class.value(), class, &of.value())? {
            return Ok(Value::Bool(answer));
        }
        if self.counts_for_derived(class, of)? {
            return Ok(Value::Bool(true));
        }
        if self.rest_on_exclusion(class, of) {
            return Ok(Value::Bool(false));
        }
        let name = self.type_name(class);
        self.residual(
            Rule::Nondeterministic,
            format!("whether something is registered as a `{name}` depends on which modules are loaded"),
        )
    }
}

/// A step of a guard's path that asks a class whether a builtin type counts as a subclass (`lookup.rs` of the runtime).
const ASKS_SUBCLASS: &str = "issubclass:";

/// A value of a type that is pickled by itself.
fn is_atom(value: &Value) -> bool {
    use Value as V;
    matches!(value, V::None | V::Bool(_) | V::Int(_) | V::Float(_) | V::Str(_) | V::Bytes(_))
}

/// No protocol of pickling, or one that all versions have.
fn is_protocol(arguments: &[Value]) -> bool {
    match arguments {
        [] => true,
        [Value::Int(number)] => number.to_i64().is_some_and(|number| (2..=5).contains(&number)),
        _ => false,
    }
}
