//! The symbol table: which scopes a module has, and where each name of each scope lives.
//!
//! Built in two steps, as `Python/symtable.c` does. [`build`] walks the tree once, makes the
//! scopes and notes for each name how it is bound and used there. [`resolve`] then
//! looks, for each name that its scope does not bind, through the enclosing scopes.
//!
//! Comprehensions are always scopes of their own, also where CPython (from 3.12) inlines them.

mod annotations;
mod build;
mod context;
mod expressions;
mod patterns;
mod resolve;
mod type_parameters;

use rustc_hash::FxHashMap;

use crate::error::SyntaxError;
use crate::names::{NameId, Names};
pub(crate) use build::build;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScopeId(pub(crate) u32);

pub(crate) const MODULE: ScopeId = ScopeId(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function {
        is_async: bool,
    },
    Lambda,
    /// List, set or dict comprehension.
    Comprehension,
    GeneratorExpression,
    /// PEP 695: the scope that holds type parameters, or that of a bound, default or alias value.
    TypeParameters,
}

impl ScopeKind {
    /// Names live in fast locals and cells (`_PyST_IsFunctionLike`).
    pub(crate) fn is_function_like(self) -> bool {
        !matches!(self, ScopeKind::Module | ScopeKind::Class)
    }

    pub(crate) fn is_comprehension(self) -> bool {
        matches!(self, ScopeKind::Comprehension | ScopeKind::GeneratorExpression)
    }
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) parent: Option<ScopeId>,
    /// The class whose name mangles private names here.
    pub(crate) class: Option<NameId>,
    /// Every name that is bound or used here, in order of appearance.
    names: Vec<NameId>,
    pub(crate) is_generator: bool,
    pub(crate) is_coroutine: bool,
    /// PEP 695 scopes within a class body look into its namespace.
    pub(crate) sees_class: bool,
    /// A class whose methods use `super` or `__class__`.
    pub(crate) needs_class_cell: bool,
    /// A class with PEP 695 scopes that look into its namespace.
    pub(crate) needs_class_dict: bool,
    /// Cells that this scope makes, by name.
    pub(crate) own_cells: Vec<NameId>,
    /// Cells that it takes from enclosing scopes, by name.
    pub(crate) free: Vec<NameId>,
}

/// Where a name lives, seen from one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Local,
    /// A local that inner scopes use too.
    Cell,
    /// A local of an enclosing function.
    Free,
    /// Declared `global`.
    GlobalExplicit,
    GlobalImplicit,
}

/// How a scope binds and uses a name: `DEF_*` and `USE` of `symtable.h`.
mod flag {
    pub(super) const GLOBAL: u16 = 1;
    pub(super) const LOCAL: u16 = 2;
    pub(super) const PARAMETER: u16 = 4;
    pub(super) const NONLOCAL: u16 = 8;
    pub(super) const USE: u16 = 16;
    pub(super) const ANNOTATION: u16 = 32;
    pub(super) const TYPE_PARAMETER: u16 = 64;
    /// An inner scope uses this binding.
    pub(super) const IS_CELL: u16 = 128;
    /// The scope only hands the cell on to an inner one, whatever the name means here.
    pub(super) const PASSED_ON: u16 = 256;
    pub(super) const BOUND: u16 = LOCAL | PARAMETER | TYPE_PARAMETER;
}

#[derive(Clone, Copy, Debug)]
struct Symbol {
    flags: u16,
    place: Place,
}

pub(crate) struct SymbolTable {
    pub(crate) scopes: Vec<Scope>,
    symbols: FxHashMap<(ScopeId, NameId), Symbol>,
    /// Scopes by the address of the node that opens them. The tree does not move meanwhile.
    by_node: FxHashMap<usize, ScopeId>,
}

/// The key of a node in the table. A function and its type parameters are different nodes.
pub(crate) fn node_key<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl SymbolTable {
    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// The scope that a node opens; see [`node_key`].
    pub(crate) fn scope_by_key(&self, key: usize) -> Option<ScopeId> {
        self.by_node.get(&key).copied()
    }

    pub(crate) fn place(&self, scope: ScopeId, name: NameId) -> Place {
        self.symbols.get(&(scope, name)).map_or(Place::GlobalImplicit, |symbol| symbol.place)
    }

    fn flags(&self, scope: ScopeId, name: NameId) -> u16 {
        self.symbols.get(&(scope, name)).map_or(0, |symbol| symbol.flags)
    }

    fn add(&mut self, scope: ScopeId, name: NameId, flags: u16) {
        let symbol = self.symbols.entry((scope, name)).or_insert_with(|| {
            self.scopes[scope.0 as usize].names.push(name);
            Symbol { flags: 0, place: Place::GlobalImplicit }
        });
        symbol.flags |= flags;
    }
}

/// What the first pass brings forth.
pub(crate) struct Built {
    pub(crate) table: SymbolTable,
    pub(crate) names: Names,
    pub(crate) errors: Vec<SyntaxError>,
    pub(crate) future_annotations: bool,
}
