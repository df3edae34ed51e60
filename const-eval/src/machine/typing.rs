//! Type parameters and aliases (PEP 695 and 696), and what C does for `typing.Generic`.
//!
//! Source: `Objects/typevarobject.c`, from 3.12 on. Much of it calls functions of `typing`, by name, at the time
//! it is used; those are evaluated like any other code. In 3.11 all of this is written in Python.
//!
//! A type parameter is an [`Object::Native`] whose arguments are the fields of the C structure, see [`Field`].

use syntax::ir::{Name, TypeParameterBound, TypeParameterKind};

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::heap::Object;
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};
use crate::world::Resolved;

/// The fields of type parameters; each type has some of them. Where a function computes one when it is first asked for, the field
/// holds what `absent` gives until then, and the function is the field that follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Bound,
    EvaluateBound,
    Constraints,
    EvaluateConstraints,
    Default,
    EvaluateDefault,
    Covariant,
    Contravariant,
    InferVariance,
    /// Of a type alias.
    TypeParameters,
    Value,
    EvaluateValue,
    Module,
    /// `P.args.__origin__`
    Origin,
}

const TYPE_VAR: [Field; 10] = [
    Field::Name,
    Field::Bound,
    Field::EvaluateBound,
    Field::Constraints,
    Field::EvaluateConstraints,
    Field::Default,
    Field::EvaluateDefault,
    Field::Covariant,
    Field::Contravariant,
    Field::InferVariance,
];
const PARAM_SPEC: [Field; 7] = [
    Field::Name,
    Field::Bound,
    Field::Default,
    Field::EvaluateDefault,
    Field::Covariant,
    Field::Contravariant,
    Field::InferVariance,
];
const TYPE_VAR_TUPLE: [Field; 3] = [Field::Name, Field::Default, Field::EvaluateDefault];
const TYPE_ALIAS: [Field; 5] = [Field::Name, Field::TypeParameters, Field::Value, Field::EvaluateValue, Field::Module];
const ORIGIN: [Field; 1] = [Field::Origin];

impl Machine<'_> {
    fn fields_of(&self, class: GroundId) -> Option<&'static [Field]> {
        let known = &self.known;
        Some(match class {
            _ if class == known.type_var => &TYPE_VAR,
            _ if class == known.param_spec => &PARAM_SPEC,
            _ if class == known.type_var_tuple => &TYPE_VAR_TUPLE,
            _ if class == known.type_alias => &TYPE_ALIAS,
            _ if class == known.param_spec_args || class == known.param_spec_kwargs => &ORIGIN,
            _ => return None,
        })
    }

    /// The C type, if the value is a type parameter, a type alias or part of a `ParamSpec`.
    pub(super) fn type_parameter(&self, value: &Value) -> Option<GroundId> {
        let Value::Object(object) = value else { return None };
        match self.object(*object) {
            Object::Native(native) => self.fields_of(native.class).map(|_| native.class),
            _ => None,
        }
    }

    fn field(&self, object: ObjectRef, field: Field) -> Option<Value> {
        let Object::Native(native) = self.object(object) else { return None };
        let index = self.fields_of(native.class)?.iter().position(|each| *each == field)?;
        native.arguments.get(index).cloned()
    }

    /// `value is typing.NoDefault`, or a version that knows no defaults.
    fn no_default(&self) -> Value {
        match self.world.ground().find("_typing.NoDefault") {
            Some(id) => Value::Ground(id),
            None => Value::None,
        }
    }

    fn new_parameter(&mut self, class: GroundId, given: &[(Field, Value)]) -> Value {
        let no_default = self.no_default();
        let fields = self.fields_of(class).unwrap_or_default();
        let arguments = fields
            .iter()
            .map(|field| match given.iter().find(|(name, _)| name == field) {
                Some((_, value)) => value.clone(),
                None => match field {
                    Field::Constraints | Field::TypeParameters => Value::tuple(Vec::new()),
                    Field::Default => no_default.clone(),
                    Field::Covariant | Field::Contravariant | Field::InferVariance => Value::Bool(false),
                    _ => Value::None,
                },
            })
            .collect();
        self.new_native(class, arguments)
    }

    /// A function or class of `typing`, as C imports it when it needs it.
    fn typing_member(&mut self, name: &str) -> Eval<Value> {
        let Resolved::Source(typing) = self.world.resolve("typing") else {
            return self.residual(Rule::NotModelled, "the module `typing` is not that of the standard library");
        };
        if !self.world.is_standard(typing) {
            return self.residual(Rule::NotModelled, "the module `typing` is not that of the standard library");
        }
        if typing != self.module && !self.imported.contains(&typing) && !self.import_in_call("typing", &[]) {
            return self.residual(Rule::ImportInCall, "imports `typing` from within a call");
        }
        self.module_attribute(typing, name)
    }

    fn call_typing(&mut self, name: &str, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let function = self.typing_member(name)?;
        self.call(&function, positional, keywords)
    }

    /// `type_check`
    fn check_type(&mut self, value: Value, message: &str) -> Eval<Value> {
        match value {
            Value::None => Ok(Value::Ground(self.known.none_type)),
            value => self.call_typing("_type_check", vec![value, Value::str(message)], Vec::new()),
        }
    }

    /// `caller`: the `__module__` of the running function.
    fn calling_module(&self) -> Value {
        if self.is_in_function() {
            let message = "the `__module__` of the function that makes a type parameter";
            return Value::Unknown(Reason::new(Rule::NotModelled, message));
        }
        self.caller_module_name(&[], &Keywords::new())
            .unwrap_or_else(|| Value::Unknown(Reason::new(Rule::NotModelled, "the module of evaluated text")))
    }

    // ---- making them

    /// The constructors. `None`: the class is none of them.
    pub(super) fn new_type_parameter(
        &mut self,
        class: GroundId,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let known = self.known;
        if self.fields_of(class).is_none() {
            return Ok(None);
        }
        let allowed: &[&str] = match class {
            _ if class == known.type_var || class == known.param_spec => {
                &["name", "bound", "default", "covariant", "contravariant", "infer_variance"]
            }
            _ if class == known.type_var_tuple => &["name", "default"],
            _ if class == known.type_alias => &["name", "value", "type_params"],
            _ => &["origin"],
        };
        let mut given: Vec<(&str, Value)> = Vec::new();
        for (name, value) in keywords {
            match allowed.iter().find(|allowed| **allowed == &**name) {
                Some(_) if &**name == "default" && self.version() < (3, 13) => {
                    return self.raise("TypeError", "an unexpected keyword argument 'default'");
                }
                Some(name) => given.push((name, value.clone())),
                None => return self.raise("TypeError", format!("an unexpected keyword argument '{name}'")),
            }
        }
        let names: &[&str] = match class {
            _ if class == known.type_alias => &["name", "value"],
            _ if self.fields_of(class) == Some(&ORIGIN) => &["origin"],
            _ => &["name"],
        };
        let taken = positional.len().min(names.len());
        if positional.len() > names.len() && class != known.type_var {
            return self.raise("TypeError", "takes fewer positional arguments");
        }
        for (name, value) in names.iter().zip(positional) {
            if given.iter().any(|(other, _)| other == name) {
                return self.raise("TypeError", format!("argument '{name}' given by name and position"));
            }
            given.push((name, value.clone()));
        }
        if let Some(name) = names.iter().find(|name| !given.iter().any(|(other, _)| other == *name)) {
            return self.raise("TypeError", format!("missing required argument '{name}'"));
        }
        let take = |name: &str| given.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
        if let Some(origin) = take("origin") {
            return Ok(Some(self.new_parameter(class, &[(Field::Origin, origin)])));
        }
        let name = match take("name") {
            Some(name @ Value::Str(_)) => name,
            Some(Value::Opaque(_) | Value::Object(_)) | None => {
                return self.residual(Rule::NotModelled, "a type parameter whose name is not known");
            }
            Some(_) => return self.raise("TypeError", "argument 'name' must be str"),
        };
        if class == known.type_alias {
            let (value, parameters) = (take("value"), take("type_params"));
            let module = self.calling_module();
            let parameters = match parameters {
                None => Value::tuple(Vec::new()),
                Some(parameters @ Value::Tuple(_)) => parameters,
                Some(Value::Object(_) | Value::Opaque(_)) => {
                    return self.residual(Rule::NotModelled, "type parameters that are not a plain tuple");
                }
                Some(_) => return self.raise("TypeError", "type_params must be a tuple"),
            };
            let fields = [
                (Field::Name, name),
                (Field::Value, value.unwrap_or(Value::None)),
                (Field::TypeParameters, parameters),
                (Field::Module, module),
            ];
            return Ok(Some(self.new_parameter(class, &fields)));
        }
        let mut flags = [false; 3];
        for (flag, name) in flags.iter_mut().zip(["covariant", "contravariant", "infer_variance"]) {
            if let Some(value) = take(name) {
                *flag = self.truth(&value)?;
            }
        }
        if flags[0] && flags[1] {
            return self.raise("ValueError", "Bivariant types are not supported.");
        }
        if flags[2] && (flags[0] || flags[1]) {
            return self.raise("ValueError", "Variance cannot be specified with infer_variance.");
        }
        let mut bound = take("bound").unwrap_or(Value::None);
        if class == known.param_spec || (class == known.type_var && !matches!(bound, Value::None)) {
            bound = self.check_type(bound, "Bound must be a type.")?;
        }
        let constraints = positional[taken..].to_vec();
        if constraints.len() == 1 {
            return self.raise_exactly("TypeError", "A single constraint is not allowed");
        }
        if !constraints.is_empty() && !matches!(bound, Value::None) {
            return self.raise_exactly("TypeError", "Constraints cannot be combined with bound=...");
        }
        let module = self.calling_module();
        let fields = [
            (Field::Name, name),
            (Field::Bound, bound),
            (Field::Constraints, Value::tuple(constraints)),
            (Field::Default, take("default").unwrap_or_else(|| self.no_default())),
            (Field::Covariant, Value::Bool(flags[0])),
            (Field::Contravariant, Value::Bool(flags[1])),
            (Field::InferVariance, Value::Bool(flags[2])),
        ];
        let parameter = self.new_parameter(class, &fields);
        if let Value::Object(object) = &parameter
            && let Object::Native(native) = self.object_mut(*object)?
        {
            native.attributes.insert("__module__".into(), module);
        }
        Ok(Some(parameter))
    }

    /// `class C[T: int = str]`: functions compute the bound or constraints, and the default.
    pub(super) fn declared_parameter(
        &mut self,
        name: &Name,
        kind: TypeParameterKind,
        bound: Option<(TypeParameterBound, Value)>,
        default: Option<Value>,
    ) -> Eval<Value> {
        let class = match kind {
            TypeParameterKind::TypeVar => self.known.type_var,
            TypeParameterKind::ParamSpec => self.known.param_spec,
            TypeParameterKind::TypeVarTuple => self.known.type_var_tuple,
        };
        let mut fields = vec![(Field::Name, Value::Str(name.clone())), (Field::InferVariance, Value::Bool(true))];
        match bound {
            Some((TypeParameterBound::Constraints, function)) => fields.push((Field::EvaluateConstraints, function)),
            Some((_, function)) => fields.push((Field::EvaluateBound, function)),
            None => {}
        }
        fields.extend(default.map(|function| (Field::EvaluateDefault, function)));
        if self.fields_of(class).is_none() {
            return self.residual(Rule::NotModelled, "type parameters (PEP 695), which the target does not have");
        }
        Ok(self.new_parameter(class, &fields))
    }

    /// `type X[T] = …`
    pub(super) fn declared_alias(&mut self, name: Value, parameters: Value, compute: Value) -> Eval<Value> {
        let class = self.known.type_alias;
        if self.fields_of(class).is_none() {
            return self.residual(Rule::NotModelled, "type aliases (PEP 695), which the target does not have");
        }
        let module = self.get_attribute(&compute, "__module__")?;
        let parameters = match parameters {
            Value::None => Value::tuple(Vec::new()),
            parameters => parameters,
        };
        let fields = [
            (Field::Name, name),
            (Field::TypeParameters, parameters),
            (Field::EvaluateValue, compute),
            (Field::Module, module),
        ];
        Ok(self.new_parameter(class, &fields))
    }

    /// `_Py_subscript_generic`: the base of a class with type parameters.
    pub(super) fn subscript_generic(&mut self, parameters: Value) -> Eval<Value> {
        let Value::Tuple(parameters) = parameters else { return self.malformed() };
        let parameters = self.unpack_variadic(&parameters)?;
        let generic = Value::Ground(self.known.generic);
        self.call_typing("_GenericAlias", vec![generic, Value::tuple(parameters)], Vec::new())
    }

    /// `unpack_typevartuples`
    fn unpack_variadic(&mut self, parameters: &[Value]) -> Eval<Vec<Value>> {
        let mut unpacked = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            unpacked.push(match self.type_parameter(parameter) {
                Some(class) if class == self.known.type_var_tuple => self.unpack_parameter(parameter)?,
                _ => parameter.clone(),
            });
        }
        Ok(unpacked)
    }

    /// `Unpack[Ts]`
    pub(super) fn unpack_parameter(&mut self, parameter: &Value) -> Eval<Value> {
        let unpack = self.typing_member("Unpack")?;
        self.get_item(&unpack, parameter)
    }

    // ---- using them

    /// `T | x` and `x | T`, where the type parameter's own slot has its turn.
    pub(super) fn unite_parameter(&mut self, left: &Value, right: &Value) -> Eval<Value> {
        self.call_typing("_make_union", vec![left.clone(), right.clone()], Vec::new())
    }

    /// A type variable or parameter specification: they have an `|` of their own.
    pub(super) fn unites(&self, value: &Value) -> bool {
        self.type_parameter(value).is_some_and(|class| class == self.known.type_var || class == self.known.param_spec)
    }

    /// Objects whose `|` gives way to a type variable on the right.
    pub(super) fn gives_way_to_parameter(&mut self, value: &Value) -> bool {
        match value {
            Value::None | Value::Str(_) => true,
            Value::Object(object) if matches!(self.object(*object), Object::GenericAlias { .. } | Object::Union(_)) => {
                true
            }
            _ => {
                self.type_parameter(value).is_some()
                    || (self.as_type(value).is_some() && self.has_plain_metaclass(value))
            }
        }
    }

    /// Attributes that C defines. `None`: not of such an object.
    pub(super) fn parameter_attribute(&mut self, object: ObjectRef, name: &str) -> Eval<Option<Value>> {
        let Object::Native(native) = self.object(object) else { return Ok(None) };
        let class = native.class;
        if self.fields_of(class).is_none() {
            return Ok(None);
        }
        let known = self.known;
        let field = match name {
            "__name__" => Field::Name,
            "__bound__" => Field::Bound,
            "__constraints__" => Field::Constraints,
            "__default__" => Field::Default,
            "__covariant__" => Field::Covariant,
            "__contravariant__" => Field::Contravariant,
            "__infer_variance__" => Field::InferVariance,
            "__value__" => Field::Value,
            "__type_params__" => Field::TypeParameters,
            "__origin__" => Field::Origin,
            "__module__" if class == known.type_alias => Field::Module,
            "__parameters__" => {
                let Some(Value::Tuple(parameters)) = self.field(object, Field::TypeParameters) else {
                    return Ok(None);
                };
                return self.unpack_variadic(&parameters).map(|parameters| Some(Value::tuple(parameters)));
            }
            "args" | "kwargs" if class == known.param_spec => {
                let class = if name == "args" { known.param_spec_args } else { known.param_spec_kwargs };
                return Ok(Some(self.new_parameter(class, &[(Field::Origin, Value::Object(object))])));
            }
            _ => return Ok(None),
        };
        let lazy = match field {
            Field::Bound => Some(Field::EvaluateBound),
            Field::Constraints => Some(Field::EvaluateConstraints),
            Field::Default => Some(Field::EvaluateDefault),
            Field::Value => Some(Field::EvaluateValue),
            _ => None,
        };
        let compute = lazy.and_then(|lazy| self.field(object, lazy)).filter(|compute| !matches!(compute, Value::None));
        let Some(compute) = compute else { return Ok(self.field(object, field)) };
        if !self.is_own(object) {
            return self.residual(Rule::ForeignContents, format!("reads `{name}` of another module's type parameter"));
        }
        let value = self.call(&compute, Vec::new(), Vec::new())?;
        let fields = self.fields_of(class).unwrap_or_default();
        if let Object::Native(native) = self.object_mut(object)? {
            for (slot, each) in native.arguments.iter_mut().zip(fields) {
                if *each == field {
                    *slot = value.clone();
                } else if Some(*each) == lazy {
                    *slot = Value::None;
                }
            }
        }
        Ok(Some(value))
    }

    /// Methods that C defines. `None`: not of such an object, or not modelled.
    pub(super) fn parameter_method(
        &mut self,
        owner: GroundId,
        name: &str,
        receiver: &Value,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let known = self.known;
        if owner == known.generic {
            let function = match name {
                "__class_getitem__" => "_generic_class_getitem",
                "__init_subclass__" => "_generic_init_subclass",
                _ => return Ok(None),
            };
            let mut arguments = vec![receiver.clone()];
            arguments.extend_from_slice(positional);
            return self.call_typing(function, arguments, keywords.clone()).map(Some);
        }
        let (Some(class), Value::Object(object)) = (self.type_parameter(receiver), receiver) else { return Ok(None) };
        if class != owner || !keywords.is_empty() {
            return Ok(None);
        }
        let variable = class == known.type_var;
        let result = match (name, positional) {
            ("__typing_subst__", [argument]) if variable || class == known.param_spec => {
                let function = if variable { "_typevar_subst" } else { "_paramspec_subst" };
                self.call_typing(function, vec![receiver.clone(), argument.clone()], Vec::new())?
            }
            ("__typing_subst__", [_]) if class == known.type_var_tuple => {
                return self.raise_exactly("TypeError", "Substitution of bare TypeVarTuple is not supported");
            }
            ("__typing_prepare_subst__", [alias, arguments]) if variable => {
                self.prepare_substitution(*object, alias, arguments)?
            }
            ("__typing_prepare_subst__", [alias, arguments]) => {
                let function =
                    if class == known.param_spec { "_paramspec_prepare_subst" } else { "_typevartuple_prepare_subst" };
                self.call_typing(function, vec![receiver.clone(), alias.clone(), arguments.clone()], Vec::new())?
            }
            ("has_default", []) => {
                let computed = self.field(*object, Field::EvaluateDefault).is_some_and(|it| !matches!(it, Value::None));
                let default = self.field(*object, Field::Default).unwrap_or(Value::None);
                let absent = self.no_default();
                Value::Bool(computed || !self.is_identical(&default, &absent)?)
            }
            ("__or__", [other]) if self.unites(receiver) => self.unite_parameter(receiver, other)?,
            ("__ror__", [other]) if self.unites(receiver) => self.unite_parameter(other, receiver)?,
            ("__reduce__", []) => match self.field(*object, Field::Name) {
                Some(name) => name,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(result))
    }

    /// `typevar_typing_prepare_subst`, from 3.13 on.
    fn prepare_substitution(&mut self, object: ObjectRef, alias: &Value, arguments: &Value) -> Eval<Value> {
        let parameters = self.get_attribute(alias, "__parameters__")?;
        let (Value::Tuple(parameters), Value::Tuple(given)) = (&parameters, arguments) else {
            return self.residual(Rule::NotModelled, "substitutes type parameters that are not in a tuple");
        };
        let mut index = None;
        for (position, parameter) in parameters.iter().enumerate() {
            if self.same_or_equal(parameter, &Value::Object(object))? {
                index = Some(position);
                break;
            }
        }
        let Some(index) = index else {
            return self.raise_exactly("ValueError", "sequence.index(x): x not in sequence");
        };
        if index < given.len() {
            return Ok(arguments.clone());
        }
        if index == given.len() {
            let default = self.get_attribute(&Value::Object(object), "__default__")?;
            let absent = self.no_default();
            if !self.is_identical(&default, &absent)? {
                let mut items = given.to_vec();
                items.push(default);
                return Ok(Value::tuple(items));
            }
        }
        self.raise("TypeError", "Too few arguments for a generic alias")
    }

    /// `repr`
    pub(super) fn parameter_text(&self, value: &Value) -> Option<String> {
        let (class, Value::Object(object)) = (self.type_parameter(value)?, value) else { return None };
        let text = |object, field| match self.field(object, field) {
            Some(Value::Str(text)) => Some(text.to_string()),
            _ => None,
        };
        let known = &self.known;
        if class == known.param_spec_args || class == known.param_spec_kwargs {
            let origin = self.field(*object, Field::Origin)?;
            let Value::Object(of) = &origin else { return None };
            if self.type_parameter(&origin) != Some(known.param_spec) {
                return None;
            }
            let part = if class == known.param_spec_args { "args" } else { "kwargs" };
            return Some(format!("{}.{part}", text(*of, Field::Name)?));
        }
        let name = text(*object, Field::Name)?;
        let holds = |field| matches!(self.field(*object, field), Some(Value::Bool(true)));
        Some(match () {
            _ if class == known.type_alias || class == known.type_var_tuple => name,
            _ if holds(Field::InferVariance) => name,
            _ if holds(Field::Covariant) => format!("+{name}"),
            _ if holds(Field::Contravariant) => format!("-{name}"),
            _ => format!("~{name}"),
        })
    }

    /// Equal where their origins are; `None`: not `P.args` or `P.kwargs`.
    pub(super) fn origin_of_part(&self, value: &Value) -> Option<(GroundId, Value)> {
        let (class, Value::Object(object)) = (self.type_parameter(value)?, value) else { return None };
        (class == self.known.param_spec_args || class == self.known.param_spec_kwargs)
            .then(|| self.field(*object, Field::Origin).map(|origin| (class, origin)))?
    }

    // ---- `types.GenericAlias`

    /// `_Py_make_parameters`
    pub(super) fn parameters_of(&mut self, arguments: &[Value]) -> Eval<Value> {
        let mut parameters: Vec<Value> = Vec::new();
        for argument in arguments {
            if self.as_type(argument).is_some() {
                continue;
            }
            let found = if self.find_attribute(argument, "__typing_subst__")?.is_some() {
                vec![argument.clone()]
            } else {
                match self.find_attribute(argument, "__parameters__")? {
                    Some(Value::Tuple(items)) => items.to_vec(),
                    Some(Value::Object(_) | Value::Opaque(_) | Value::Unknown(_)) => {
                        return self.residual(Rule::NotModelled, "`__parameters__` that are not a plain tuple");
                    }
                    _ => Vec::new(),
                }
            };
            for parameter in found {
                let mut present = false;
                for other in parameters.clone() {
                    present |= self.is_identical(&other, &parameter)?;
                }
                if !present {
                    parameters.push(parameter);
                }
            }
        }
        Ok(Value::tuple(parameters))
    }

    // ---- names in class bodies

    /// A name in the namespace of the class around a type parameter's scope.
    pub(super) fn class_mapping_get(&mut self, mapping: &Value, name: &Name) -> Eval<Option<Value>> {
        if let Value::Object(object) = mapping
            && let Object::MappingProxy(_) = self.object(*object)
        {
            return match self.class_namespace_entry(*object, &Value::Str(name.clone()))? {
                Some(entry) => Ok(entry),
                None => self.malformed(),
            };
        }
        let class = self.type_of(mapping)?;
        for hook in ["__getitem__", "__missing__"] {
            if self.python_definition(class, hook).is_some() {
                return self.residual(Rule::NotModelled, "a class namespace that finds names by code of its own");
            }
        }
        self.dict_get(mapping, &Value::Str(name.clone()))
    }
}
