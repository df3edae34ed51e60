//! Effects outside a module that are known completely, and are carried out as data when it is imported.
//!
//! An effect says what changes and how, in the values of the evaluation: objects that
//! the module made, immutable data, and objects of other modules. What belongs to another module must have a
//! [`Place`]: a path from that module's namespace that leads to it for as long as nobody
//! changes what lies on the way, which the evaluation's dependencies say.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::Name;

use crate::evaluated::Evaluated;
use crate::ground::GroundId;
use crate::heap::{Object, Payload, Type};
use crate::reason::Reason;
use crate::value::{ModuleId, ObjectRef, Value};

/// One effect of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub change: Change,
    /// What it is and the calls that lead to it, as for a residual statement.
    pub reason: Arc<Reason>,
}

/// What is changed, and how. Every kind has exactly one way to be carried out, which runs no Python code but
/// what a comparison of equal hashes or an ABC's registration would run in the executed module as well.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `type.__setattr__`, `object.__setattr__` or an entry of a module's namespace, past any hook in Python.
    SetAttribute { object: Value, name: Name, value: Value },
    /// As [`Change::SetAttribute`], for deletion.
    DeleteAttribute { object: Value, name: Name },
    /// `dict.__setitem__`
    SetItem { dict: Value, key: Value, value: Value },
    /// `list.append`
    Append { list: Value, value: Value },
    /// `list.extend`, with a list of the values.
    Extend { list: Value, values: Vec<Value> },
    /// `list.insert`
    Insert { list: Value, index: i64, value: Value },
    /// `set.add`
    Add { set: Value, value: Value },
    /// `sys.modules[name] = module`
    BindModule { name: Name, module: Value },
    /// A module is imported, by its absolute name, from within a call.
    Import { module: Name },
    /// A call that changes what belongs to others: of C code that is described as one to be
    /// replayed, or of a function of the standard library with a model.
    Call { function: Value, positional: Vec<Value>, keywords: Vec<(Name, Value)> },
}

impl Effect {
    /// That a module is loaded, and no more.
    pub fn is_import(&self) -> bool {
        matches!(self.change, Change::Import { .. })
    }
}

impl Change {
    /// What is changed; `None` where it is neither an object nor a module.
    pub fn target(&self) -> Option<&Value> {
        match self {
            Change::SetAttribute { object, .. } | Change::DeleteAttribute { object, .. } => Some(object),
            Change::SetItem { dict, .. } => Some(dict),
            Change::Append { list, .. } | Change::Extend { list, .. } | Change::Insert { list, .. } => Some(list),
            Change::Add { set, .. } => Some(set),
            Change::BindModule { .. } | Change::Import { .. } => None,
            Change::Call { function, .. } => Some(function),
        }
    }

    /// The values that it takes, the target excluded, in order.
    pub fn operands(&self) -> Vec<&Value> {
        match self {
            Change::DeleteAttribute { .. } | Change::Import { .. } => Vec::new(),
            Change::SetAttribute { value, .. }
            | Change::Append { value, .. }
            | Change::Insert { value, .. }
            | Change::Add { value, .. } => vec![value],
            Change::SetItem { key, value, .. } => vec![key, value],
            Change::Extend { values, .. } => values.iter().collect(),
            Change::BindModule { module, .. } => vec![module],
            Change::Call { positional, keywords, .. } => {
                positional.iter().chain(keywords.iter().map(|(_, value)| value)).collect()
            }
        }
    }
}

/// Something of another module that an effect has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Changed {
    /// An attribute of a class, function or instance.
    Attribute(ObjectRef, Name),
    /// The items of a list, dict or set.
    Items(ObjectRef),
    /// A name of a module with source.
    Global(ModuleId, Name),
    /// A name of a module implemented in C, by its index.
    GroundGlobal(u32, Name),
    /// An attribute of a type implemented in C.
    GroundAttribute(GroundId, Name),
    /// A name of a module, which was deleted: it may be gone.
    Unbound(ModuleId, Name),
    /// The same of a module implemented in C, by its index.
    UnboundGround(u32, Name),
    /// What counts as a subclass of an abstract class: this class does now; without one, a hook decides.
    Registry(ObjectRef, Option<Type>),
    /// What `sys.modules` holds under a name: `None` perhaps, and importing it fails.
    Blocked(Name),
    /// Where modules are searched for: importing any may fail.
    Search,
    /// How deeply calls may be nested: less than at the start.
    RecursionLimit,
}

/// A way from one object to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The entry in the object's own dictionary (of a class: as it stands there, unbound), or its slot.
    Entry(Name),
    /// The contents of a function's closure cell, by position in `__closure__`.
    Cell(u32),
    /// An item of a tuple.
    Item(u32),
    /// An attribute that C defines: `__func__`, `__self__`, `fget`, `fset`, `fdel`.
    Member(&'static str),
}

/// Where an object lies: from the namespace of the module that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub steps: Vec<Step>,
}

/// The places of a finished module's objects, by index: the shortest way each, and the first in the order of the
/// namespaces among those. Contents of lists, dicts and sets have no place: anybody may change them.
pub fn places(evaluated: &Evaluated) -> FxHashMap<u32, Place> {
    /// Longer paths are not looked for.
    const DEEPEST: usize = 6;
    let mut places: FxHashMap<u32, Place> = FxHashMap::default();
    let mut tuples: FxHashSet<*const Value> = FxHashSet::default();
    let mut pending: VecDeque<(Value, Place)> = VecDeque::new();
    for (name, value) in &evaluated.namespace {
        pending.push_back((value.clone(), Place { steps: vec![Step::Entry(name.clone())] }));
    }
    while let Some((value, place)) = pending.pop_front() {
        let next = match &value {
            Value::Tuple(items) if tuples.insert(items.as_ptr()) => {
                items.iter().enumerate().map(|(index, item)| (Step::Item(index as u32), item.clone())).collect()
            }
            Value::Object(object) if object.owner == evaluated.module && !places.contains_key(&object.index) => {
                places.insert(object.index, place.clone());
                parts(evaluated, *object)
            }
            _ => continue,
        };
        if place.steps.len() < DEEPEST {
            pending.extend(next.into_iter().map(|(step, part)| {
                let mut steps = place.steps.clone();
                steps.push(step);
                (part, Place { steps })
            }));
        }
    }
    places
}

/// What hangs from an object.
fn parts(evaluated: &Evaluated, object: ObjectRef) -> Vec<(Step, Value)> {
    let entries = |attributes: &crate::heap::Attributes| -> Vec<(Step, Value)> {
        attributes.iter().map(|(name, value)| (Step::Entry(name.clone()), value.clone())).collect()
    };
    match &evaluated.heap.objects[object.index as usize] {
        Object::Class(class) => entries(&class.namespace),
        Object::Instance(instance) => {
            let mut parts = entries(&instance.attributes);
            parts.extend(entries(&instance.slots));
            if let Payload::Data(Value::Tuple(items)) = &instance.payload {
                parts.extend(items.iter().enumerate().map(|(index, item)| (Step::Item(index as u32), item.clone())));
            }
            parts
        }
        Object::Function(function) => {
            let mut parts = entries(&function.attributes);
            for (index, cell) in function.closure.iter().enumerate() {
                if cell.owner == evaluated.module
                    && let Object::Cell(Some(value)) = &evaluated.heap.objects[cell.index as usize]
                {
                    parts.push((Step::Cell(index as u32), value.clone()));
                }
            }
            parts
        }
        Object::BoundMethod { function, receiver } => {
            vec![(Step::Member("__func__"), function.clone()), (Step::Member("__self__"), receiver.clone())]
        }
        Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => {
            vec![(Step::Member("__func__"), wrapper.function.clone())]
        }
        Object::Property(property) => vec![
            (Step::Member("fget"), property.get.clone()),
            (Step::Member("fset"), property.set.clone()),
            (Step::Member("fdel"), property.delete.clone()),
        ],
        _ => Vec::new(),
    }
}
