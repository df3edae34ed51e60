//! Loading, storing and deleting names (`compiler_nameop`), and qualified names.

use std::sync::Arc;

use ruff_text_size::TextRange;

use super::Lowerer;
use crate::ir::{CodeKind, Constant, Instruction as I, Name};
use crate::names::{CLASSDICT, DEBUG, NameId, mangle};
use crate::symbols::{Place, ScopeKind};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Load,
    Store,
    Delete,
}

impl Lowerer<'_> {
    /// Interns a name, mangled as the current scope asks.
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        if name.starts_with("__")
            && let Some(class) = self.table.scope(self.current().scope).class
        {
            let mangled = mangle(Some(self.names.get(class)), name).into_owned();
            return self.names.intern(&mangled);
        }
        self.names.intern(name)
    }

    /// A name as it stands in attributes, imports and parameters: mangled.
    pub(super) fn mangled(&mut self, name: &str) -> Name {
        let id = self.intern(name);
        self.names.get(id).clone()
    }

    pub(super) fn load(&mut self, name: &str, range: TextRange) {
        let id = self.intern(name);
        if id == DEBUG {
            let debug = self.options.optimize == 0;
            self.constant(if debug { Constant::True } else { Constant::False }, range);
        } else {
            self.access(id, Access::Load, range);
        }
    }

    pub(super) fn store(&mut self, name: &str, range: TextRange) {
        let id = self.intern(name);
        self.access(id, Access::Store, range);
    }

    pub(super) fn delete(&mut self, name: &str, range: TextRange) {
        let id = self.intern(name);
        self.access(id, Access::Delete, range);
    }

    /// The name is interned already, and so mangled.
    pub(super) fn access(&mut self, id: NameId, access: Access, range: TextRange) {
        let (kind, scope) = (self.current().kind, self.current().scope);
        if kind == CodeKind::TopLevel {
            if access != Access::Load {
                self.binds.insert(id);
            }
            return self.by_name(id, access, range);
        }
        match self.table.place(scope, id) {
            Place::Cell => self.by_cell(id, access, range, I::LoadCell),
            Place::Free => match kind {
                CodeKind::Class => self.by_cell(id, access, range, I::LoadClassCell),
                _ if access == Access::Load && self.table.scope(scope).sees_class && id != CLASSDICT => {
                    self.by_cell(CLASSDICT, Access::Load, range, I::LoadCell);
                    self.by_cell(id, access, range, I::LoadFromDictOrCell);
                }
                _ => self.by_cell(id, access, range, I::LoadCell),
            },
            Place::Local if kind == CodeKind::Class => self.by_name(id, access, range),
            Place::Local => {
                let slot = self.slot(id);
                let make = match access {
                    Access::Load => I::LoadLocal,
                    Access::Store => I::StoreLocal,
                    Access::Delete => I::DeleteLocal,
                };
                self.emit(make(slot), range);
            }
            Place::GlobalExplicit => self.by_global(id, access, range),
            Place::GlobalImplicit if kind == CodeKind::Class => self.by_name(id, access, range),
            Place::GlobalImplicit if access == Access::Load && self.table.scope(scope).sees_class => {
                self.by_cell(CLASSDICT, Access::Load, range, I::LoadCell);
                let name = self.names.get(id).clone();
                self.emit(I::LoadFromDictOrGlobals(name), range);
            }
            Place::GlobalImplicit => self.by_global(id, access, range),
        }
    }

    fn by_name(&mut self, id: NameId, access: Access, range: TextRange) {
        let name = self.names.get(id).clone();
        let instruction = match access {
            Access::Load => I::LoadName(name),
            Access::Store => I::StoreName(name),
            Access::Delete => I::DeleteName(name),
        };
        self.emit(instruction, range);
    }

    fn by_global(&mut self, id: NameId, access: Access, range: TextRange) {
        if access != Access::Load {
            let in_function = self
                .units
                .iter()
                .any(|unit| matches!(unit.kind, CodeKind::Function | CodeKind::Lambda | CodeKind::GeneratorExpression));
            // A generator expression may run at once or later.
            let at_once = self.units.iter().all(|unit| !matches!(unit.kind, CodeKind::Function | CodeKind::Lambda));
            if in_function {
                self.rebound_globals.insert(id);
            }
            if at_once {
                self.binds.insert(id);
            }
        }
        let name = self.names.get(id).clone();
        let instruction = match access {
            Access::Load => I::LoadGlobal(name),
            Access::Store => I::StoreGlobal(name),
            Access::Delete => I::DeleteGlobal(name),
        };
        self.emit(instruction, range);
    }

    fn by_cell(&mut self, id: NameId, access: Access, range: TextRange, load: fn(u32) -> I) {
        // A class body that uses the `__class__` of a class around it has the name twice:
        // its own cell comes first, and its code means the other one.
        let own = self.current().kind != CodeKind::Class;
        let cell = self.cell(id, own);
        let instruction = match access {
            Access::Load => load(cell),
            Access::Store => I::StoreCell(cell),
            Access::Delete => I::DeleteCell(cell),
        };
        self.emit(instruction, range);
    }

    /// Index of a cell in the current code: among its own cells (if `own`), then among those it takes.
    pub(super) fn cell(&self, id: NameId, own: bool) -> u32 {
        let scope = self.table.scope(self.current().scope);
        let position = |names: &[NameId]| names.iter().position(|&name| name == id);
        let index = if own { position(&scope.own_cells) } else { None };
        let index = index.or_else(|| position(&scope.free).map(|free| scope.own_cells.len() + free));
        index.or_else(|| position(&scope.own_cells)).unwrap_or_default() as u32
    }

    /// The fast local of a name, made when it is first asked for.
    pub(super) fn slot(&mut self, id: NameId) -> u32 {
        let unit = self.unit();
        if let Some(slot) = unit.locals.iter().position(|&local| local == id) {
            return slot as u32;
        }
        unit.locals.push(id);
        unit.locals.len() as u32 - 1
    }

    /// `compiler_set_qualname`: of a code that is opened within the current one.
    pub(super) fn qualname(&self, kind: CodeKind, name: &Name) -> Name {
        let Some(mut position) = self.enclosing(self.units.len()) else { return name.clone() };
        // The hidden functions of PEP 695 leave no trace in the names of what is within them.
        if self.units[position].hides_in_names {
            match self.enclosing(position) {
                Some(outer) => position = outer,
                None => return name.clone(),
            }
        }
        let parent = &self.units[position];
        if matches!(kind, CodeKind::Function | CodeKind::Class) {
            let mangled = self.mangled_in(parent.scope, name);
            if mangled.is_some_and(|id| self.table.place(parent.scope, id) == Place::GlobalExplicit) {
                return name.clone();
            }
        }
        let locals = match self.table.scope(parent.scope).kind {
            ScopeKind::Function { .. } | ScopeKind::Lambda => ".<locals>",
            ScopeKind::TypeParameters if !parent.hides_in_names => ".<locals>",
            _ => "",
        };
        Arc::from(format!("{}{locals}.{name}", parent.qualname))
    }

    /// The unit around that at `position`, as far as CPython has a code for it: from 3.12 on
    /// comprehensions are part of the code around them, save for PEP 695 scopes in classes.
    fn enclosing(&self, mut position: usize) -> Option<usize> {
        while position > 1 {
            position -= 1;
            let inlined = self.units[position].kind == CodeKind::Comprehension
                && self.options.version >= (3, 12)
                && !self.table.scope(self.units[position - 1].scope).sees_class;
            if !inlined {
                return Some(position);
            }
        }
        None
    }

    fn mangled_in(&self, scope: crate::symbols::ScopeId, name: &str) -> Option<NameId> {
        let class = self.table.scope(scope).class.map(|class| self.names.get(class).clone());
        self.names.find(&mangle(class.as_deref(), name))
    }
}
