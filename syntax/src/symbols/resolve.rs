//! Second step: `analyze_block` of `symtable.c`.
//!
//! CPython hands sets of bound and global names down the scopes and sets of free names
//! up. Here each name that its scope does not bind walks up the enclosing scopes
//! instead, to the first function that binds it or declares it global; the result is the
//! same. Class bodies on the way are passed over, except that every class binds
//! `__class__` (and `__classdict__`) for the functions in it.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::{MODULE, Place, Scope, ScopeId, ScopeKind, SymbolTable, flag};
use crate::error::SyntaxError;
use crate::names::{CLASS, CLASSDICT, NameId, Names};

/// `declarations` says where names were declared `nonlocal` or `global`, for errors.
pub(super) fn resolve(
    table: &mut SymbolTable,
    names: &Names,
    declarations: &FxHashMap<(ScopeId, NameId), TextRange>,
    errors: &mut Vec<SyntaxError>,
) {
    for index in 1..table.scopes.len() {
        let scope = ScopeId(index as u32);
        // Scopes come before those within them, and what is added here is only handed on.
        for position in 0..table.scope(scope).names.len() {
            let name = table.scope(scope).names[position];
            let flags = table.flags(scope, name);
            let place = if flags & flag::GLOBAL != 0 {
                if flags & flag::NONLOCAL != 0 {
                    let range = declarations.get(&(scope, name)).copied().unwrap_or_default();
                    let message = format!("name '{}' is nonlocal and global", names.get(name));
                    errors.push(SyntaxError::invalid(message, range));
                }
                Place::GlobalExplicit
            } else if flags & flag::NONLOCAL != 0 {
                let found = walk_up(table, scope, name);
                if let Found::Nothing = found {
                    let range = declarations.get(&(scope, name)).copied().unwrap_or_default();
                    let message = format!("no binding for nonlocal '{}' found", names.get(name));
                    errors.push(SyntaxError::invalid(message, range));
                } else if let Found::TypeParameter = found {
                    let range = declarations.get(&(scope, name)).copied().unwrap_or_default();
                    let message = format!("nonlocal binding not allowed for type parameter '{}'", names.get(name));
                    errors.push(SyntaxError::invalid(message, range));
                }
                Place::Free
            } else if flags & flag::BOUND != 0 {
                Place::Local
            } else if flags == flag::PASSED_ON {
                Place::Free
            } else {
                match class_place(table, scope, name) {
                    Some(place) => place,
                    None => match walk_up(table, scope, name) {
                        Found::Nothing => Place::GlobalImplicit,
                        Found::Variable | Found::TypeParameter => Place::Free,
                    },
                }
            };
            if let Some(symbol) = table.symbols.get_mut(&(scope, name)) {
                symbol.place = place;
            }
        }
    }
    for index in 0..table.scopes.len() {
        settle_cells(table, names, ScopeId(index as u32));
    }
}

enum Found {
    Nothing,
    Variable,
    TypeParameter,
}

/// PEP 695 scopes in a class body: a name that the class binds is looked up in its
/// namespace first, then among the globals (`analyze_name` with `class_entry`).
fn class_place(table: &SymbolTable, scope: ScopeId, name: NameId) -> Option<Place> {
    if !table.scope(scope).sees_class {
        return None;
    }
    let mut class = table.scope(scope).parent?;
    while table.scope(class).kind != ScopeKind::Class {
        class = table.scope(class).parent?;
    }
    let flags = table.flags(class, name);
    if flags & flag::GLOBAL != 0 {
        Some(Place::GlobalExplicit)
    } else if flags & flag::BOUND != 0 && flags & flag::NONLOCAL == 0 {
        Some(Place::GlobalImplicit)
    } else {
        None
    }
}

/// Looks for the enclosing scope that binds `name`; marks it there as a cell, and as
/// handed on in the scopes between.
fn walk_up(table: &mut SymbolTable, scope: ScopeId, name: NameId) -> Found {
    let mut owner = None;
    let mut next = table.scope(scope).parent;
    while let Some(id) = next {
        let Scope { kind, parent, .. } = table.scope(id);
        next = *parent;
        match kind {
            ScopeKind::Module => break,
            ScopeKind::Class => {
                if name == CLASS || name == CLASSDICT {
                    owner = Some((id, flag::LOCAL));
                    break;
                }
            }
            _ => {
                let flags = table.flags(id, name);
                if flags & flag::GLOBAL != 0 {
                    break;
                }
                if flags & flag::BOUND != 0 && flags & flag::NONLOCAL == 0 {
                    owner = Some((id, flags));
                    break;
                }
            }
        }
    }
    let Some((owner, flags)) = owner else { return Found::Nothing };
    let class = &mut table.scopes[owner.0 as usize];
    if class.kind == ScopeKind::Class {
        if name == CLASS {
            class.needs_class_cell = true;
        } else {
            class.needs_class_dict = true;
        }
    } else {
        table.add(owner, name, flag::IS_CELL);
    }
    let mut between = table.scope(scope).parent;
    while let Some(id) = between {
        if id == owner || id == MODULE {
            break;
        }
        // A scope between that was resolved already learns of the name only here.
        table.add(id, name, flag::PASSED_ON);
        if let Some(symbol) = table.symbols.get_mut(&(id, name))
            && symbol.flags == flag::PASSED_ON
        {
            symbol.place = Place::Free;
        }
        between = table.scope(id).parent;
    }
    if flags & flag::TYPE_PARAMETER != 0 { Found::TypeParameter } else { Found::Variable }
}

/// Collects a scope's cells once everything is resolved.
fn settle_cells(table: &mut SymbolTable, names: &Names, id: ScopeId) {
    let scope = &mut table.scopes[id.0 as usize];
    let mut own_cells = Vec::new();
    let mut free = Vec::new();
    if scope.needs_class_cell {
        own_cells.push(CLASS);
    }
    if scope.needs_class_dict {
        own_cells.push(CLASSDICT);
    }
    let function_like = scope.kind.is_function_like();
    for &name in &scope.names {
        let Some(symbol) = table.symbols.get_mut(&(id, name)) else { continue };
        if function_like && symbol.flags & flag::IS_CELL != 0 {
            symbol.place = Place::Cell;
            own_cells.push(name);
        } else if symbol.place == Place::Free || (symbol.flags & flag::PASSED_ON != 0) {
            free.push(name);
        }
    }
    let by_name = |a: &NameId, b: &NameId| names.get(*a).cmp(names.get(*b));
    own_cells.sort_by(by_name);
    free.sort_by(by_name);
    scope.own_cells = own_cells;
    scope.free = free;
}
