//! What of an analysis holds for the next one.
//!
//! Modules keep their numbers, so what was evaluated of a component holds still if nothing that it could see has
//! changed (`kept.rs`). And a new text need not count as a change: if all that was looked at of the
//! old one is in the new one, its evaluation and those of all who use it come out the same
//! ([`syntax::correspondence`]). So the module keeps the *basis* that it was evaluated in, and ranges are
//! translated when findings are told. Should a later evaluation look at more of the basis, at what is no longer so,
//! the module has changed after all.

use std::sync::Arc;

use const_eval::value::ModuleId;
use syntax::{correspondence, ir};

use crate::evaluate::{Evaluation, Finished};
use crate::load::{Basis, Module, Table};
use crate::verdict::Judgement;

/// Whether the tables have the same modules under the same names, in the same order, and these import the same.
pub fn same_structure(last: &Table, new: &Table) -> bool {
    last.modules.len() == new.modules.len()
        && last.modules.iter().zip(&new.modules).all(|(last, new)| last.rank == new.rank && same_imports(last, new))
        && last.by_name == new.by_name
}

/// Whether it is the same module, found at the same place, and leads to the same others.
pub fn same_imports(last: &Module, new: &Module) -> bool {
    last.source == new.source
        && last.name == new.name
        && last.is_gone == new.is_gone
        && last.root == new.root
        && last.is_package == new.is_package
        && last.is_script == new.is_script
        && last.is_requested == new.is_requested
        && last.is_standard == new.is_standard
        && (Arc::ptr_eq(&last.targets, &new.targets) || last.targets == new.targets)
        && (Arc::ptr_eq(&last.summary, &new.summary) || last.summary == new.summary)
}

/// Gives modules of the new table the basis that they had, as far as that serves, in the first of the tables in which
/// it does. Returns, for each table and module, whether it has changed since.
pub fn renew(tables: &[&Table], new: &mut Table) -> Vec<Vec<bool>> {
    let mut changed: Vec<Vec<bool>> = tables.iter().map(|_| vec![true; new.modules.len()]).collect();
    for (index, module) in new.modules.iter_mut().enumerate() {
        let mut is_settled = false;
        for (table, changed) in tables.iter().zip(&mut changed) {
            let Some(old) = table.modules.get(index) else { continue };
            // Ranges are told in one version: what was evaluated in another one doesn't serve as well.
            let is_kept = match is_settled {
                true => same_imports(old, module) && same_version(old, module),
                false => keep(old, module),
            };
            is_settled |= is_kept;
            changed[index] = !is_kept;
        }
    }
    changed
}

/// Whether both were evaluated in the same version, or can't be evaluated.
fn same_version(one: &Module, other: &Module) -> bool {
    match (one.evaluated_ir(), other.evaluated_ir()) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

fn keep(last: &Arc<Module>, new: &mut Arc<Module>) -> bool {
    if Arc::ptr_eq(last, new) {
        return true;
    }
    if !same_imports(last, new) {
        return false;
    }
    if last.revision == new.revision && last.rank == new.rank && last.wanted == new.wanted {
        // Loaded again, and the same again.
        *new = last.clone();
        return true;
    }
    let (Some(basis), Some(ir)) = (last.evaluated_ir(), new.ir.clone()) else {
        // Without IR there is nothing to evaluate, whatever the reason.
        return last.ir.is_none() && new.ir.is_none();
    };
    if Arc::ptr_eq(basis, &ir) {
        return true;
    }
    let Some(basis) = basis_for(basis, &ir) else { return false };
    *new = Arc::new(Module { basis: Some(basis), ..Module::clone(new) });
    true
}

fn basis_for(basis: &Arc<ir::Module>, present: &ir::Module) -> Option<Basis> {
    let correspondence = correspondence(basis, present)?;
    let is_broken = correspondence.is_broken(basis)
        || const_eval::reaches_namespace(basis) != const_eval::reaches_namespace(present);
    (!is_broken).then(|| Basis { ir: basis.clone(), correspondence: Arc::new(correspondence) })
}

/// Takes the basis from modules of which more was looked at than the basis and the present version have in common.
/// Returns which these are.
pub fn give_up_broken(table: &mut Table) -> Vec<ModuleId> {
    let mut broken = Vec::new();
    for module in &mut table.modules {
        if module.basis.as_ref().is_some_and(|basis| basis.correspondence.is_broken(&basis.ir)) {
            *module = Arc::new(Module { basis: None, ..Module::clone(module) });
            broken.push(module.id);
        }
    }
    broken
}

/// Whether the judgement on a module would be the same again: so is the module, what it was evaluated to, and where in
/// their texts the places are that its findings name.
pub fn same_judgement(last: (&Table, &Finished, &Judgement), new: (&Table, &Finished), index: usize) -> bool {
    let ((last_table, last_finished, judgement), (table, finished)) = (last, new);
    let is_same = |index: usize| Arc::ptr_eq(&last_table.modules[index], &table.modules[index]);
    let same_evaluation = match (&last_finished.evaluation, &finished.evaluation) {
        (Evaluation::Done(last), Evaluation::Done(new)) => Arc::ptr_eq(last, new),
        (Evaluation::NotParsed, Evaluation::NotParsed) => true,
        _ => false,
    };
    let links = judgement.diagnostics.iter().flat_map(|finding| &finding.chain);
    is_same(index) && same_evaluation && links.into_iter().all(|link| is_same(link.site.module.0 as usize))
}
