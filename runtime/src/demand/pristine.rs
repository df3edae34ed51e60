//! What a guard asks of a value that waits, told from its description.
//!
//! What was never made can't have been changed, so it is what the build saw; only what it takes from elsewhere is
//! looked at: bases that exist, and values of other modules.

use artifact::model::NodeId;
use artifact::view::{ClassView, Named, NodeView, Pairs};
use pyo3_ffi as ffi;

use super::{Place, Waiting, methods};
use crate::failure::Failure;
use crate::names::Name;
use crate::object::{Object, type_lookup};
use crate::slots::Slot;
use std::rc::Rc;

/// What stands at a path below a value.
pub enum Found {
    /// What the build saw there.
    AsBuilt,
    /// Nothing.
    Nothing,
    /// An object, below which so many steps of the path remain.
    Object(Object, usize),
    /// That can only be told of the value itself.
    Unknown,
}

/// Walks a path as `crate::lookup` does.
pub fn walk((owner, node): &Place, path: &[Name]) -> Result<Found, Failure> {
    match owner.slot(*node)? {
        Slot::Made(object) => return Ok(Found::Object(object, path.len())),
        Slot::Elsewhere(other, node) => return walk(&(other, node), path),
        Slot::InProgress => return Ok(Found::Unknown),
        Slot::Absent => {}
    }
    let view = owner.view(*node)?;
    if is_taken_from_elsewhere(view) {
        return Ok(Found::Unknown);
    }
    let Some((name, rest)) = path.split_first() else { return Ok(Found::AsBuilt) };
    let own = |node: NodeId| walk(&(Rc::clone(owner), node), rest);
    match view {
        NodeView::Class(class) => match attribute(owner, class, name)? {
            Attribute::Own(holder, node) => walk(&(holder, node), rest),
            Attribute::Object(object) => Ok(Found::Object(object, rest.len())),
            Attribute::AsBuilt if rest.is_empty() => Ok(Found::AsBuilt),
            Attribute::AsBuilt => Ok(Found::Unknown),
            Attribute::Absent => match of_object(name) {
                Some(object) => Ok(Found::Object(object, rest.len())),
                None => Ok(Found::Nothing),
            },
            Attribute::Unknown => Ok(Found::Unknown),
        },
        NodeView::Deferred(node) => walk(&(Rc::clone(owner), node), path),
        NodeView::Dict(items) => entry(owner, items, name.text())?.map_or(Ok(Found::Nothing), own),
        NodeView::Function(function) => entry(owner, function.dict, name.text())?.map_or(Ok(Found::Nothing), own),
        NodeView::Tuple(items) => match name.text().parse().ok().and_then(|index| items.iter().nth(index)) {
            Some(item) => own(item),
            None => Ok(Found::Nothing),
        },
        NodeView::Instance { dict, slots, .. } => {
            instance_entry(owner, dict, slots, name.text())?.map_or(Ok(Found::Nothing), own)
        }
        _ => Ok(Found::Unknown),
    }
}

/// Where the value lies that a path leads to, if nothing on the way was made yet.
pub fn place_below(place: Place, path: &[Name]) -> Result<Option<Place>, Failure> {
    let (owner, node) = place;
    if let NodeView::Deferred(method) = owner.view(node)? {
        return place_below((owner, method), path);
    }
    match owner.slot(node)? {
        Slot::Elsewhere(other, node) => return place_below((other, node), path),
        Slot::Absent => {}
        Slot::Made(_) | Slot::InProgress => return Ok(path.is_empty().then_some((owner, node))),
    }
    let Some((name, rest)) = path.split_first() else { return Ok(Some((owner, node))) };
    let next = match owner.view(node)? {
        // `type.__new__` puts something else into the class for some methods with such names.
        NodeView::Class(_) if name.text().starts_with("__") => None,
        NodeView::Class(class) => match attribute(&owner, class, name)? {
            Attribute::Own(holder, node) => Some((holder, node)),
            _ => None,
        },
        NodeView::Instance { dict, slots, .. } => {
            instance_entry(&owner, dict, slots, name.text())?.map(|node| (owner, node))
        }
        _ => None,
    };
    next.map_or(Ok(None), |next| place_below(next, rest))
}

/// What a slot or the `__dict__` of an instance holds.
fn instance_entry(
    owner: &Waiting,
    dict: Option<Pairs<'_>>,
    slots: Named<'_>,
    name: &str,
) -> Result<Option<NodeId>, Failure> {
    if let Some(node) = slots.find(name)? {
        return Ok(Some(node));
    }
    dict.map_or(Ok(None), |items| entry(owner, items, name))
}

fn is_taken_from_elsewhere(view: NodeView<'_>) -> bool {
    matches!(
        view,
        NodeView::Name(_)
            | NodeView::External { .. }
            | NodeView::Builtin(_)
            | NodeView::CodeOf { .. }
            | NodeView::Construct { .. }
            | NodeView::Attribute { .. }
            | NodeView::ThisModule
    )
}

/// The value of a text among a dictionary's keys.
fn entry(owner: &Waiting, items: Pairs<'_>, name: &str) -> Result<Option<NodeId>, Failure> {
    for (key, value) in items.iter() {
        if matches!(owner.view(key)?, NodeView::Str { value: text, .. } if text == name.as_bytes()) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// What a class has under a name, by its MRO without `object`.
enum Attribute {
    Own(Rc<Waiting>, NodeId),
    Object(Object),
    /// A method that waits in a class that exists.
    AsBuilt,
    Absent,
    Unknown,
}

fn attribute(owner: &Rc<Waiting>, class: ClassView<'_>, name: &Name) -> Result<Attribute, Failure> {
    let text = name.text();
    if let Some(node) = class.later.find(text)?.or(class.namespace.find(text)?) {
        return Ok(Attribute::Own(Rc::clone(owner), node));
    }
    if text == "__abstractmethods__" && class.abc {
        return Ok(Attribute::AsBuilt);
    }
    if text == "__hash__" && class.namespace.find("__eq__")?.is_some() {
        return Ok(Attribute::AsBuilt); // `type.__new__` says that it can't be hashed
    }
    if matches!(text, "__dict__" | "__weakref__" | "__doc__" | "__module__" | "_abc_impl") {
        return Ok(Attribute::Unknown);
    }
    if let Some(slots) = class.namespace.find("__slots__")? {
        match makes_member(owner, class.name, slots, text)? {
            Some(true) => return Ok(Attribute::AsBuilt),
            Some(false) => {}
            None => return Ok(Attribute::Unknown),
        }
    }
    let mut inherited = Attribute::Absent;
    for base in class.bases.iter() {
        let one = of_base(owner, base, name)?;
        inherited = match (inherited, one) {
            (Attribute::Absent, one) => one,
            (before, Attribute::Absent) => before,
            (Attribute::Object(before), Attribute::Object(one)) if before.is(&one) => Attribute::Object(one),
            // Which of them comes first, the MRO says.
            _ => return Ok(Attribute::Unknown),
        };
    }
    Ok(inherited)
}

/// Whether `type.__new__` makes a descriptor of this name of what a class has for `__slots__`, where that can be told.
fn makes_member(owner: &Waiting, class: &str, slots: NodeId, name: &str) -> Result<Option<bool>, Failure> {
    let slots = match owner.view(slots)? {
        NodeView::Str { .. } => vec![slots],
        NodeView::Tuple(items) | NodeView::List(items) => items.iter().collect(),
        _ => return Ok(None),
    };
    for slot in slots {
        match owner.view(slot)? {
            NodeView::Str { value, .. } if is_mangled_to(class, value, name) => return Ok(Some(true)),
            NodeView::Str { .. } => {}
            _ => return Ok(None),
        }
    }
    Ok(Some(false))
}

/// Whether a name that a class's body writes so is this one (`_Py_Mangle` in `compile.c`).
fn is_mangled_to(class: &str, written: &[u8], name: &str) -> bool {
    let class = class.trim_start_matches('_');
    let is_private = written.starts_with(b"__") && !written.ends_with(b"__") && !written.contains(&b'.');
    if !is_private || class.is_empty() {
        return written == name.as_bytes();
    }
    let rest = name.strip_prefix('_').and_then(|name| name.strip_prefix(class));
    rest.is_some_and(|rest| rest.as_bytes() == written)
}

fn of_base(owner: &Rc<Waiting>, base: NodeId, name: &Name) -> Result<Attribute, Failure> {
    match owner.slot(base)? {
        Slot::Made(object) => Ok(of_class(&object, name)?),
        Slot::Elsewhere(other, node) => of_base(&other, node, name),
        Slot::InProgress => Ok(Attribute::Unknown),
        Slot::Absent => match owner.view(base)? {
            NodeView::Class(class) => attribute(owner, class, name),
            NodeView::Builtin("object") => Ok(Attribute::Absent),
            _ => Ok(Attribute::Unknown),
        },
    }
}

fn of_class(class: &Object, name: &Name) -> Result<Attribute, Failure> {
    let Some(kind) = class.as_type() else { return Ok(Attribute::Unknown) };
    let Some(found) = type_lookup(kind, name) else { return Ok(Attribute::Absent) };
    if methods::is_waiting(&found) {
        return Ok(Attribute::AsBuilt);
    }
    // `object` comes last in every MRO.
    Ok(match of_object(name) {
        Some(last) if last.is(&found) => Attribute::Absent,
        _ => Attribute::Object(found),
    })
}

fn of_object(name: &Name) -> Option<Object> {
    type_lookup(&raw mut ffi::PyBaseObject_Type, name)
}
