//! Interned names, and name mangling.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ir::Name;

/// Index of an interned name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

/// Every identifier of a module once.
pub(crate) struct Names {
    ids: FxHashMap<Name, NameId>,
    names: Vec<Name>,
}

impl Names {
    pub(crate) fn new() -> Names {
        let mut names = Names { ids: FxHashMap::default(), names: Vec::new() };
        for (index, name) in WELL_KNOWN.iter().enumerate() {
            let id = names.intern(name);
            debug_assert_eq!(id.0 as usize, index);
        }
        names
    }

    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = NameId(self.names.len() as u32);
        let name: Name = Arc::from(name);
        self.ids.insert(name.clone(), id);
        self.names.push(name);
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    pub(crate) fn get(&self, id: NameId) -> &Name {
        &self.names[id.0 as usize]
    }
}

const WELL_KNOWN: &[&str] = &[
    "__class__",
    "__classdict__",
    ".0",
    ".type_params",
    ".generic_base",
    ".defaults",
    ".kwdefaults",
    "__debug__",
    "super",
];

pub(crate) const CLASS: NameId = NameId(0);
pub(crate) const CLASSDICT: NameId = NameId(1);
pub(crate) const ITERATOR: NameId = NameId(2);
pub(crate) const TYPE_PARAMS: NameId = NameId(3);
pub(crate) const GENERIC_BASE: NameId = NameId(4);
pub(crate) const DEFAULTS: NameId = NameId(5);
pub(crate) const KEYWORD_DEFAULTS: NameId = NameId(6);
pub(crate) const DEBUG: NameId = NameId(7);
pub(crate) const SUPER: NameId = NameId(8);

/// `_Py_Mangle`: within `class C`, `__x` is `_C__x`.
pub(crate) fn mangle<'a>(class: Option<&str>, name: &'a str) -> Cow<'a, str> {
    let Some(class) = class else { return Cow::Borrowed(name) };
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return Cow::Borrowed(name);
    }
    match class.trim_start_matches('_') {
        "" => Cow::Borrowed(name),
        class => Cow::Owned(format!("_{class}{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::mangle;

    #[test]
    fn mangling() {
        assert_eq!(mangle(Some("C"), "__x"), "_C__x");
        assert_eq!(mangle(Some("__C"), "__x"), "_C__x");
        assert_eq!(mangle(Some("___"), "__x"), "__x");
        assert_eq!(mangle(Some("C"), "__x__"), "__x__");
        assert_eq!(mangle(Some("C"), "__a.b"), "__a.b");
        assert_eq!(mangle(None, "__x"), "__x");
    }
}
