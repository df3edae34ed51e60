//! Mutable containers of other modules whose contents may be read all the same: because a
//! guard compares them, or because they are caches, which only ever grow by what their keys
//! determine.

use syntax::ir::Name;

use super::{Machine, operators};
use crate::heap::{Dict, Native, Object, Type};
use crate::value::{ModuleId, ObjectRef, Value};

/// As `LONGEST_CONTAINER` in the runtime's fingerprints.
const LONGEST: usize = 512;

/// How deeply containers may be nested; the runtime's fingerprints follow them further.
const DEEPEST: u32 = 6;

/// The attribute under which the classes of `enum` remember their members by value.
const MEMBER_CACHE: &str = "_value2member_map_";

/// Attributes in which the classes of `enum` keep their members.
const MEMBER_TABLES: [&str; 5] =
    [MEMBER_CACHE, "_member_map_", "_member_names_", "_unhashable_values_", "_unhashable_values_map_"];

impl Machine<'_> {
    /// Records that the result rests on the contents of a container of another module, if a guard
    /// can compare them: short containers of data, functions and classes are part of the
    /// fingerprint of the name or class attribute that holds them, as long as no code that is
    /// not proven has run in between. What a module holds under a plain name is as a rule there to
    /// be changed, except where the name says that it is a constant (PEP 8), and in the standard library, whose
    /// tables (`keyword.kwlist`) are constants in all but type: they are likely to be what they were whatever has run.
    pub(super) fn rest_on_fingerprint(&mut self, object: ObjectRef) -> bool {
        let is_standard = self.world.is_standard(object.owner);
        if self.is_ours(object) {
            return false;
        }
        if self.impure && !is_standard || self.has_changed_items(object) {
            return false;
        }
        let Some(path) = self.guarded_path(object) else { return false };
        // What differs between processes is not what a guard could see.
        let contents = !matches!(self.object(object), Object::Obscured { .. } | Object::Identities { .. });
        self.rest_on_path(object.owner, &path, contents);
        true
    }

    fn rest_on_path(&mut self, owner: ModuleId, path: &[Name], contents: bool) {
        self.current.speculates |= self.impure;
        let module = self.world.module_name(owner).to_string();
        self.depend_on(&module, &path.iter().map(|part| &**part).collect::<Vec<_>>(), contents);
    }

    /// Records that the result rests on all attributes of another module's function, if a guard can compare them.
    pub(super) fn rest_on_attributes(&mut self, function: ObjectRef) -> bool {
        let Object::Function(contents) = self.object(function) else { return false };
        let is_told = contents.attributes.values().all(|value| self.is_guarded(value, 0));
        if !is_told || self.is_ours(function) || self.has_changed_attributes(function) {
            return false;
        }
        let Some(mut path) = self.path_of(function) else { return false };
        path.push("__dict__".into());
        self.rest_on_path(function.owner, &path, true);
        true
    }

    /// Records that the result rests on what a `functools.partial` of another module calls, and with which arguments.
    pub(super) fn rest_on_partial(&mut self, partial: ObjectRef, contents: &Native) -> bool {
        let mut held = contents.arguments.iter().chain(contents.keywords.iter().map(|(_, value)| value));
        if self.is_ours(partial) || !held.all(|value| self.is_guarded(value, 0)) {
            return false;
        }
        let Some(path) = self.path_of(partial) else { return false };
        self.rest_on_path(partial.owner, &path, true);
        true
    }

    /// The name, of a function perhaps, or class and attribute, through which a guard sees the container.
    fn guarded_path(&self, object: ObjectRef) -> Option<Vec<Name>> {
        let evaluated = self.world.evaluated(object.owner)?;
        let leads = |value: &Value| self.leads_to_container(value, object, 0) && self.is_guarded(value, 0);
        let is_standard = self.world.is_standard(object.owner);
        let mut constants = evaluated.namespace.iter().filter(|(name, _)| is_standard || is_constant_name(name));
        if let Some((name, _)) = constants.find(|(_, value)| leads(value)) {
            return Some(vec![name.clone()]);
        }
        // The fingerprint of a function tells its defaults.
        let holds_defaults = |value: &Value| match value {
            Value::Object(function) if function.owner == object.owner => match self.object(*function) {
                Object::Function(function) => {
                    let defaults = function.defaults.iter().flatten();
                    defaults.chain(function.keyword_defaults.iter()).any(leads)
                }
                _ => false,
            },
            _ => false,
        };
        if let Some((name, _)) = evaluated.namespace.iter().find(|(_, value)| holds_defaults(value)) {
            return Some(vec![name.clone()]);
        }
        evaluated.namespace.iter().find_map(|(class_name, value)| {
            let Value::Object(class) = value else { return None };
            if class.owner != object.owner {
                return None;
            }
            let (name, _) = self.class(*class)?.namespace.iter().find(|(_, value)| leads(value))?;
            Some(vec![class_name.clone(), name.clone()])
        })
    }

    /// Is it the container, or does it hold it, directly or within others?
    fn leads_to_container(&self, value: &Value, object: ObjectRef, depth: u32) -> bool {
        let leads = |value: &Value| self.leads_to_container(value, object, depth + 1);
        match value {
            _ if depth > DEEPEST => false,
            Value::Object(other) if *other == object => true,
            Value::Tuple(items) => items.len() <= LONGEST && items.iter().any(leads),
            Value::Object(other) if other.owner == object.owner => match self.object(*other) {
                Object::List(items) => items.len() <= LONGEST && items.iter().any(leads),
                Object::Dict(entries) => entries.len() <= LONGEST && entries.values().any(|(_, value)| leads(value)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Does a fingerprint tell this value from every other that would be told apart here?
    fn is_guarded(&self, value: &Value, depth: u32) -> bool {
        let guarded = |value: &Value| self.is_guarded(value, depth + 1);
        match value {
            _ if depth > DEEPEST => false,
            Value::Tuple(items) => items.iter().all(guarded),
            Value::Ground(_) => true,
            Value::Object(object) => match self.object(*object) {
                Object::List(items) => items.len() <= LONGEST && items.iter().all(guarded),
                Object::Dict(entries) => {
                    entries.len() <= LONGEST && entries.values().all(|(key, value)| guarded(key) && guarded(value))
                }
                Object::Set(items) => items.len() <= LONGEST && items.values().all(guarded),
                Object::FrozenSet(items) => items.values().all(guarded),
                Object::Instance(_) => self.is_named_member(*object),
                Object::Function(function) => function.closure.is_empty(),
                Object::Class(_) | Object::UnboundGround { .. } => true,
                _ => false,
            },
            other => operators::is_data(other),
        }
    }

    /// Is it the dict in which an enumeration of another module remembers its members by value?
    /// `Flag` adds combinations to it when they are first asked for; which ones are there changes
    /// nothing but the time that asking takes (`docs/fidelity.md`, caches of the standard library).
    pub(super) fn is_member_cache(&self, object: ObjectRef) -> bool {
        self.enumeration_table(object).is_some_and(|name| &*name == MEMBER_CACHE)
    }

    /// Is it the dict in which `typing` keeps, from 3.12 on, the functions behind its caches, by the functions that they call?
    /// Functions that use it add to it when they are defined.
    pub(super) fn is_function_cache(&self, object: ObjectRef) -> bool {
        self.world.module_name(object.owner) == "typing"
            && self.world.is_standard(object.owner)
            && self.world.evaluated(object.owner).is_some_and(|evaluated| {
                matches!(evaluated.namespace.get("_caches"), Some(Value::Object(caches)) if *caches == object)
            })
    }

    /// The attribute of an enumeration of another module that holds the container, one of those that are
    /// complete when the class is.
    pub(super) fn enumeration_table(&self, object: ObjectRef) -> Option<Name> {
        if !matches!(self.object(object), Object::Dict(_) | Object::List(_)) {
            return None;
        }
        let holds = |value: &Value| matches!(value, Value::Object(held) if *held == object);
        self.world.evaluated(object.owner)?.namespace.values().find_map(|value| match value {
            Value::Object(class) if class.owner == object.owner && self.is_enumeration(*class) => {
                let namespace = &self.class(*class)?.namespace;
                let (name, _) = namespace.iter().find(|(_, value)| holds(value))?;
                MEMBER_TABLES.contains(&&**name).then(|| name.clone())
            }
            _ => None,
        })
    }

    /// Is it a class of which the standard library's `enum.EnumType` is the metaclass, or above it?
    pub(super) fn is_enumeration(&self, class: ObjectRef) -> bool {
        let Some(class) = self.class(class) else { return false };
        self.mro(class.metaclass).into_iter().any(|metaclass| match metaclass {
            Type::Class(metaclass) => {
                self.world.module_name(metaclass.owner) == "enum"
                    && self.world.is_standard(metaclass.owner)
                    && self.class(metaclass).is_some_and(|class| &*class.name == "EnumType")
            }
            Type::Ground(_) => false,
        })
    }

    /// Is it a member of an enumeration, made with its class?
    fn is_named_member(&self, object: ObjectRef) -> bool {
        match self.object(object) {
            Object::Instance(instance) => match instance.class {
                Type::Class(class) => class.owner == object.owner && self.is_enumeration(class),
                Type::Ground(_) => false,
            },
            _ => false,
        }
    }

    /// Is it a member that another module than the enumeration's has made: a combination of flags?
    pub(super) fn is_made_member(&self, object: ObjectRef) -> bool {
        match self.object(object) {
            Object::Instance(instance) => match instance.class {
                Type::Class(class) => class.owner != object.owner && self.is_enumeration(class),
                Type::Ground(_) => false,
            },
            _ => false,
        }
    }

    /// Is reading the attribute of the class no reason for a guard, because it is a cache?
    pub(super) fn is_cache_attribute(&self, class: ObjectRef, name: &str) -> bool {
        name == MEMBER_CACHE && self.is_enumeration(class)
    }

    /// What this evaluation has added to a cache of another module.
    pub(super) fn cached_entries(&self, dict: &Value) -> Option<&Dict> {
        match dict {
            Value::Object(object) if !self.is_own(*object) => self.cached.get(object),
            _ => None,
        }
    }
}

/// Is it written as constants are: `DEFAULT_CONVERTERS`?
fn is_constant_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.contains(|c: char| c.is_ascii_uppercase())
        && !name.contains(|c: char| c.is_lowercase())
}
