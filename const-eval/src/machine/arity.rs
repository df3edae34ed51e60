//! How many arguments the C code takes that the evaluator has an implementation of its own for.
//!
//! Sources: the `tp_new` and `tp_init` of the types in `Objects/`, `slotdefs` in typeobject.c.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::{GroundId, TypeInfo};
use crate::heap::Type;
use crate::reason::Rule;

/// Type; fewest and most positional arguments; the keywords it takes.
const CONSTRUCTORS: [(&str, usize, usize, &[&str]); 17] = [
    ("builtins.bool", 0, 1, &[]),
    ("builtins.classmethod", 1, 1, &[]),
    ("builtins.dict", 0, 1, &["*"]),
    ("builtins.enumerate", 0, 2, &["iterable", "start"]),
    ("builtins.filter", 2, 2, &[]),
    ("builtins.frozenset", 0, 1, &[]),
    ("builtins.list", 0, 1, &[]),
    ("builtins.map", 2, usize::MAX, &[]),
    ("builtins.reversed", 1, 1, &[]),
    ("builtins.set", 0, 1, &[]),
    ("builtins.staticmethod", 1, 1, &[]),
    ("builtins.tuple", 0, 1, &[]),
    ("builtins.zip", 0, usize::MAX, &["strict"]),
    ("builtins.mappingproxy", 0, 1, &["mapping"]),
    ("types.MappingProxyType", 0, 1, &["mapping"]),
    ("itertools.chain", 0, usize::MAX, &[]),
    ("itertools.count", 0, 2, &["start", "step"]),
];

/// Special methods without arguments (`UNSLOT`, `wrap_unaryfunc` and the like).
const UNARY: [&str; 20] = [
    "__str__",
    "__repr__",
    "__hash__",
    "__iter__",
    "__next__",
    "__len__",
    "__bool__",
    "__neg__",
    "__pos__",
    "__abs__",
    "__invert__",
    "__int__",
    "__float__",
    "__index__",
    "__trunc__",
    "__reversed__",
    "__sizeof__",
    "__dir__",
    "__reduce__",
    "__complex__",
];

impl Machine<'_> {
    /// Raises `TypeError` where a constructor of a C type refuses the number or the names of its arguments.
    pub(super) fn demand_arity(&mut self, class: &str, positional: usize, keywords: &Keywords) -> Eval<()> {
        let Some((_, fewest, most, names)) = CONSTRUCTORS.iter().find(|(name, ..)| *name == class) else {
            return Ok(());
        };
        if let Some((name, _)) = keywords.iter().find(|(name, _)| !names.contains(&"*") && !names.contains(&&**name)) {
            let message = format!("{class}() got an unexpected keyword argument '{name}'");
            return self.raise("TypeError", message);
        }
        if positional < *fewest || positional > *most {
            let message = format!("{class} expected {fewest} to {most} arguments, got {positional}");
            return self.raise("TypeError", message);
        }
        Ok(())
    }

    /// The same for a special method of a C type.
    pub(super) fn demand_special_arity(&mut self, name: &str, positional: usize, keywords: &Keywords) -> Eval<()> {
        let takes_none = UNARY.contains(&name);
        let takes_one = name == "__subclasshook__";
        if (takes_none && positional > 0) || (takes_one && positional != 1) {
            return self
                .raise("TypeError", format!("{name}() expected {} arguments, got {positional}", takes_one as u8));
        }
        if (takes_none || takes_one) && !keywords.is_empty() {
            return self.raise("TypeError", format!("{name}() takes no keyword arguments"));
        }
        Ok(())
    }

    /// `tp_new_wrapper`: `owner.__new__(class)` demands a subclass of `owner` with the same layout.
    pub(super) fn demand_safe_new(&mut self, owner: GroundId, class: Type) -> Eval<()> {
        if !self.is_subtype(class, Type::Ground(owner)) {
            let (owner, class) = (self.c_name(Type::Ground(owner)), self.c_name(class));
            return self.raise("TypeError", format!("{owner}.__new__({class}): {class} is not a subtype of {owner}"));
        }
        let solid = match class {
            Type::Ground(id) => Some(id),
            Type::Class(object) => self.class(object).map(|class| class.solid),
        };
        let ground = self.world.ground();
        let exception = Type::Ground(self.known.base_exception);
        if self.is_subtype(class, exception) && self.is_subtype(Type::Ground(owner), exception) {
            // Most exceptions share one C function.
            let differs = |name| {
                let other = ground.builtin(name).map(Type::Ground);
                other.is_some_and(|id| self.is_subtype(class, id) != self.is_subtype(Type::Ground(owner), id))
            };
            if ["OSError", "MemoryError", "BaseExceptionGroup"].into_iter().any(differs) {
                return self.residual(Rule::Raises, "`__new__` of another exception, which may not be safe");
            }
            return Ok(());
        }
        // The `__new__` that the class's own layout has must be the one that is called.
        if solid.is_some_and(|id| TypeInfo::lookup(ground, id, "__new__").is_some_and(|(found, _)| found == owner)) {
            return Ok(());
        }
        // The first class on the way up whose instances C makes.
        let mut made_by = class;
        while let Type::Class(object) = made_by
            && self.python_definition(made_by, "__new__").is_some()
        {
            match self.class(object).map(|class| class.bases.as_slice()) {
                Some([base]) => made_by = *base,
                _ => return self.residual(Rule::Raises, "a `__new__` that is not safe"),
            }
        }
        let [owner, class, made_by] = [Type::Ground(owner), class, made_by].map(|class| self.c_name(class));
        self.raise("TypeError", format!("{owner}.__new__({class}) is not safe, use {made_by}.__new__()"))
    }
}
