//! What a package that is not finished passes on.
//!
//! While a package's own modules are loaded, the package is under way. A module in it that takes a name from it
//! gets what the package has bound until then. Where only one statement of the package binds the name, which
//! takes it from a module that is finished (`from .messages import Error`), and nothing that the package imports before
//! can have loaded the module that asks, the name is bound to that.

use syntax::ir::{self, Instruction, Name, StatementKind};

use super::Machine;
use crate::value::{ModuleId, Value};
use crate::world::Resolved;

impl Machine<'_> {
    /// What the package has taken from a finished module and bound to the name.
    pub(super) fn passed_on(&mut self, package: ModuleId, name: &str) -> Option<Value> {
        let package_name = self.world.module_name(package).to_string();
        if !self.name.starts_with(&format!("{package_name}."))
            || self.has_submodule(package, name)
            || self.binds_dynamically(package)
        {
            return None;
        }
        let ir = self.world.ir(package)?.clone();
        let (statement, level, module, original) = only_source(&ir, name)?;
        let is_earlier = |site: &&ir::ImportSite| site.range.start() < statement.range.end();
        if !ir.imports.iter().filter(is_earlier).all(|site| self.leads_before(package, site)) {
            return None;
        }
        let absolute = self.absolute_name_in(package, level, &module)?;
        let Resolved::Source(source) = self.world.resolve(&absolute) else { return None };
        let is_around = package_name == absolute || package_name.starts_with(&format!("{absolute}."));
        if is_around || self.changed_global(source, &original).is_some() || self.has_submodule(source, &original) {
            return None;
        }
        let evaluated = self.world.evaluated(source)?;
        let value = evaluated.namespace.get(&original)?.clone();
        if matches!(value, Value::Unknown(_)) {
            return None;
        }
        self.current.speculates |= evaluated.speculative.contains(&original);
        self.depend(&package_name, &[name]);
        Some(value)
    }

    /// May the name be that of a module in the package?
    fn has_submodule(&self, module: ModuleId, name: &str) -> bool {
        let submodule = format!("{}.{name}", self.world.module_name(module));
        self.world.is_package(module) && !matches!(self.world.resolve(&submodule), Resolved::Missing)
    }

    /// Does the import statement load only modules that are finished before this module's import cycle starts?
    fn leads_before(&self, importer: ModuleId, site: &ir::ImportSite) -> bool {
        let Some(absolute) = self.absolute_name_in(importer, site.level, &site.module) else { return false };
        let own = self.world.module_name(importer);
        let parents = absolute.match_indices('.').map(|(index, _)| absolute[..index].to_string());
        let is_package =
            !matches!(self.world.resolve(&absolute), Resolved::Source(module) if !self.world.is_package(module));
        let submodules = site.names.iter().filter(|_| is_package).map(|name| format!("{absolute}.{name}"));
        parents.chain([absolute.clone()]).chain(submodules).all(|name| match self.world.resolve(&name) {
            Resolved::Source(module) => {
                let is_around = own == name || own.starts_with(&format!("{name}."));
                is_around || self.world.comes_before(module)
            }
            Resolved::Ground(_) | Resolved::Missing => true,
            Resolved::Unknown(_) | Resolved::Unfound(_) => false,
        })
    }

    /// A module in a package that is not finished, once an import of this module's has loaded it: the package holds it
    /// under its name, unless it binds that itself.
    pub(super) fn loaded_submodule(&self, package: ModuleId, name: &str) -> Option<Value> {
        let Resolved::Source(submodule) = self.world.resolve(&format!("{}.{name}", self.world.module_name(package)))
        else {
            return None;
        };
        let is_loaded = self.world.passage(package).is_none()
            && self.imported.contains(&submodule)
            && self.world.comes_before(submodule)
            && !self.binds(package, name);
        is_loaded.then(|| self.loaded(submodule))
    }
}

/// The `from` import that is the only statement to bind the name in the module, with level, module and name.
fn only_source<'ir>(ir: &'ir ir::Module, name: &str) -> Option<(&'ir ir::TopLevel, u32, Name, Name)> {
    let binds = |names: &[Name]| names.iter().any(|bound| &**bound == name);
    let has_star = ir.imports.iter().any(|site| site.names.iter().any(|name| &**name == "*"));
    if has_star || binds(&ir.rebound_globals) {
        return None;
    }
    let mut binding = ir.statements.iter().filter(|statement| binds(&statement.binds));
    let (statement, None) = (binding.next()?, binding.next()) else { return None };
    if statement.kind != StatementKind::Import {
        return None;
    }
    let instructions = ir.code(statement.code).instructions();
    let Instruction::ImportName { level, module, .. } = instructions.first()? else { return None };
    let mut stores = instructions.windows(2).filter_map(|pair| match pair {
        [Instruction::ImportFrom(original), Instruction::StoreName(bound)] if &**bound == name => Some(original),
        _ => None,
    });
    let (original, None) = (stores.next()?, stores.next()) else { return None };
    Some((statement, *level, module.clone(), original.clone()))
}
