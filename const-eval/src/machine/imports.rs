//! Import statements.
//!
//! An import is carried out at import, in its place, as always, and binds what it
//! binds; what is judged here is only what is known of the result. That holds in
//! class bodies too, and in calls, where however only what the module's import
//! statements lead to anyway may be imported: everything else would be loaded
//! by a call that no one sees.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use syntax::ir::{CodeKind, Name};

use super::frame::{Frame, Scope};
use super::functions::Keywords;
use super::{Eval, Machine, Stop};
use crate::effect::Effect;
use crate::evaluated::Passage;
use crate::ground::{Export, ImportEffect};
use crate::heap::Type;
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, Value};
use crate::world::Resolved;

impl Machine<'_> {
    pub(super) fn import_name(&mut self, frame: &Frame, level: u32, module: &str, names: &Arc<[Name]>) -> Eval<Value> {
        let Some(absolute) = self.absolute_name_in(frame.module, level, module) else {
            return self.raise("ImportError", "attempted relative import with no known parent package");
        };
        if self.is_import_statement() {
            self.current.imports = true;
        } else if frame.globals.is_some() {
            return self.residual(Rule::ImportInCall, format!("imports `{module}` from within a call"));
        } else {
            self.import_within(&absolute, names)?;
        }
        if level == 0 {
            return self.import_absolute(&absolute, names);
        }
        self.import_from_package(&absolute, names)
    }

    /// `import a.b` gives `a`, once `a.b` is loaded.
    fn import_absolute(&mut self, absolute: &str, names: &[Name]) -> Eval<Value> {
        if !names.is_empty() {
            return self.import_from_package(absolute, names);
        }
        let guarded = self.may_be_caught();
        self.load_module(absolute, guarded)?;
        let top = absolute.split('.').next().unwrap_or(absolute);
        self.load_module(top, guarded)
    }

    /// The module itself, with the submodules among the names loaded.
    fn import_from_package(&mut self, absolute: &str, names: &[Name]) -> Eval<Value> {
        let guarded = self.may_be_caught();
        let target = self.load_module(absolute, guarded)?;
        for name in names {
            self.load_submodule(absolute, &target, name)?;
        }
        Ok(target)
    }

    fn is_module_level(&self, frame: &Frame) -> bool {
        frame.module == self.module && matches!(frame.scope, Scope::Module) && self.positions.len() == 1
    }

    /// Is the running code the module's own top level, or a class body in it?
    fn is_import_statement(&self) -> bool {
        self.positions.iter().all(|position| {
            let kind = |ir: &Arc<syntax::ir::Module>| ir.code(position.code).kind;
            position.module == self.module
                && !position.dynamic
                && self
                    .world
                    .ir(position.module)
                    .is_some_and(|ir| matches!(kind(ir), CodeKind::TopLevel | CodeKind::Class))
        })
    }

    /// An import from within a call may only run what is proven. That a module
    /// is loaded then, which was not before, is an effect.
    pub(super) fn import_in_call(&mut self, absolute: &str, names: &[Name]) -> bool {
        let mut wanted = vec![absolute.to_string()];
        for name in names {
            let submodule = format!("{absolute}.{name}");
            if matches!(self.world.resolve(&submodule), Resolved::Source(_)) {
                wanted.push(submodule);
            }
        }
        let is_proven = wanted
            .iter()
            .all(|name| !matches!(self.world.resolve(name), Resolved::Missing) && self.runs_nothing_unknown(name));
        if is_proven {
            for name in wanted {
                let is_loaded = match self.world.resolve(&name) {
                    Resolved::Source(module) => {
                        module == self.module
                            || self.imported.contains(&module)
                            || self.is_surely_loaded(module)
                            || self.name.starts_with(&format!("{name}."))
                            || self.is_there_from_the_start(module)
                    }
                    _ => false,
                };
                if !is_loaded {
                    self.carry_out_import(&name);
                }
            }
        }
        is_proven
    }

    /// `sys.modules[name]`, of this module and of those that its imports have surely loaded: a guard looks for what was read
    /// of it under the same name.
    pub(super) fn loaded_entry(&mut self, name: &Value) -> Option<Value> {
        if self.is_own_name(name) {
            return Some(Value::Module(self.module));
        }
        let Value::Str(text) = name else { return None };
        let Resolved::Source(module) = self.world.resolve(text) else { return None };
        let known = module != self.module
            && self.world.is_standard(module)
            && self.world.passage(module).is_some_and(|passage| passage.alias(text).is_none())
            && self.aliased(text).is_none()
            && !self.module_aliases.iter().any(|(alias, _)| alias == text)
            && self.is_surely_loaded(module);
        if known {
            let text = text.clone();
            self.current.speculates |= self.impure;
            self.depend(&text, &[]);
        }
        known.then_some(Value::Module(module))
    }

    /// Has an import that this module has carried out loaded the module, directly or through others?
    pub(super) fn is_surely_loaded(&self, wanted: ModuleId) -> bool {
        let mut seen: FxHashSet<ModuleId> = FxHashSet::default();
        let mut pending: Vec<ModuleId> = self.surely_loaded.iter().copied().collect();
        while let Some(module) = pending.pop() {
            if module == wanted {
                return true;
            }
            if seen.insert(module)
                && let Some(passage) = self.world.passage(module)
            {
                pending.extend(passage.surely_loaded());
            }
        }
        false
    }

    /// `importlib._bootstrap._resolve_name`
    pub(super) fn absolute_name_in(&self, importer: ModuleId, level: u32, module: &str) -> Option<String> {
        if level == 0 {
            return Some(module.to_string());
        }
        let mut package: &str = self.world.module_name(importer);
        if !self.world.is_package(importer) {
            package = package.rsplit_once('.').map_or("", |(package, _)| package);
        }
        for _ in 1..level {
            package = package.rsplit_once('.').map_or("", |(package, _)| package);
        }
        if package.is_empty() {
            return None;
        }
        Some(if module.is_empty() { package.to_string() } else { format!("{package}.{module}") })
    }

    /// `__import__(name, globals, locals, fromlist, level)`, of an absolute name (`PyImport_ImportModuleLevelObject`).
    pub(super) fn call_import(&mut self, positional: &[Value], keywords: &Keywords) -> Eval<Value> {
        const PARAMETERS: [&str; 5] = ["name", "globals", "locals", "fromlist", "level"];
        let mut given: [Option<Value>; 5] = Default::default();
        let named = keywords.iter().map(|(name, value)| (PARAMETERS.iter().position(|known| *known == &**name), value));
        for (place, value) in (0..).map(Some).zip(positional).chain(named) {
            match place.and_then(|place: usize| given.get_mut(place)) {
                Some(free) if free.is_none() => *free = Some(value.clone()),
                _ => return self.residual(Rule::NotModelled, "`__import__` is called as it can't be"),
            }
        }
        let [name, _, _, names, level] = given;
        let is_absolute = level.is_none_or(|level| level == Self::integer(0));
        let absolute = match name {
            Some(Value::Str(name)) if is_absolute && name.is_empty() => {
                return self.raise_exactly("ValueError", "Empty module name");
            }
            Some(Value::Str(name)) if is_absolute => name.to_string(),
            _ => return self.unknown_code("__import__"),
        };
        let names = match names {
            None | Some(Value::None) => Vec::new(),
            Some(names) if [self.known.list, self.known.tuple].map(Type::Ground).contains(&self.type_of(&names)?) => {
                self.collect(&names)?
            }
            Some(_) => return self.residual(Rule::NotModelled, "`__import__` is given names that are not known"),
        };
        let names: Option<Arc<[Name]>> =
            names.into_iter().map(|name| if let Value::Str(name) = name { Some(name) } else { None }).collect();
        let Some(names) = names.filter(|names| !names.iter().any(|name| &**name == "*")) else {
            return self.residual(Rule::NotModelled, "`__import__` is given names that are not known");
        };
        self.import_within(&absolute, &names)?;
        self.import_absolute(&absolute, &names)
    }

    /// `importlib.import_module(name)`, of an absolute name: by `_gcd_import`, which gives the module itself.
    pub(super) fn call_import_module(&mut self, absolute: &str) -> Eval<Value> {
        self.depend("_frozen_importlib", &["_gcd_import"]);
        self.import_within(absolute, &[])?;
        self.import_from_package(absolute, &[])
    }

    /// Before an import from within a call is carried out: what it loads has to be loaded anyway, or runs nothing that is not
    /// proven, or is not there; else it is an effect.
    fn import_within(&mut self, absolute: &str, names: &[Name]) -> Eval<()> {
        if self.is_surely_missing(absolute) || self.import_in_call(absolute, names) {
            return Ok(());
        }
        let message = format!("imports `{absolute}` from within a call");
        let known = matches!(self.world.resolve(absolute), Resolved::Source(module)
            if self.world.passage(module).is_some_and(|passage| !passage.fails()));
        // What it runs is as far from this module's objects as what an import statement runs.
        if self.leaked || self.may_be_caught() || !known {
            return self.residual(Rule::ImportInCall, message);
        }
        self.effect(Rule::ImportInCall, message);
        Ok(())
    }

    /// Is there no such module, nor any package around it that would be loaded first?
    fn is_surely_missing(&self, absolute: &str) -> bool {
        let top = absolute.split('.').next().unwrap_or(absolute);
        matches!(self.world.resolve(top), Resolved::Missing)
    }

    /// Loads a module and its parents. Where the outcome decides which handler runs (`guarded`), it must be certain.
    fn load_module(&mut self, absolute: &str, guarded: bool) -> Eval<Value> {
        self.loads += 1;
        if self.changed_builtin("__import__").is_some() {
            return self.residual(Rule::UnknownCall, "`__import__` has been replaced");
        }
        if self.leaked && !self.runs_nothing_unknown(absolute) {
            self.after_handing_out(absolute)?;
        }
        for (index, _) in absolute.match_indices('.') {
            if let Resolved::Source(parent) = self.world.resolve(&absolute[..index]) {
                self.imported.insert(parent);
                self.inherit_changes(parent);
            }
        }
        if let Some(alias) = self.aliased(absolute) {
            return Ok(alias);
        }
        self.demand_findable(absolute, guarded)?;
        match self.world.resolve(absolute) {
            Resolved::Source(module) => {
                self.imported.insert(module);
                if !guarded && self.current.decisions.is_empty() {
                    self.surely_loaded.insert(module);
                }
                self.inherit_changes(module);
                let fails = self.world.passage(module).is_some_and(Passage::fails);
                if fails {
                    return Err(failed_import(absolute));
                }
                if guarded && !self.world.is_closed(module) && !self.is_there_from_the_start(module) {
                    self.uncertain_import(absolute)?;
                }
                self.bind_submodule(absolute);
                Ok(self.loaded(module))
            }
            Resolved::Ground(index) => Ok(Value::GroundModule(index)),
            Resolved::Missing if !guarded && self.may_be_made_findable(absolute) => self.residual(
                Rule::Raises,
                format!("module `{absolute}` was not found; only code that is not known could have made it"),
            ),
            Resolved::Missing => {
                // The result rests on the absence of the module.
                self.depend(absolute, &[]);
                self.raise_missing(absolute)
            }
            Resolved::Unfound(reason) => {
                let what = format!("importing `{absolute}` runs code that is not known");
                self.unknown(Rule::UnknownCall, &what, &reason)
            }
            Resolved::Unknown(reason) => {
                // A condition was taken for one that never holds at import, and here it holds.
                if reason.rule == Rule::ImportInCall && self.is_import_statement() {
                    self.effect(Rule::ImportInCall, reason.message.clone());
                }
                if guarded {
                    self.uncertain_import(absolute)?;
                }
                Ok(Value::Unknown(reason))
            }
        }
    }

    /// `_find_and_load_unlocked` in `importlib._bootstrap`: the outermost package that is not there is named.
    fn raise_missing(&mut self, absolute: &str) -> Eval<Value> {
        let ends = absolute.match_indices('.').map(|(index, _)| index).chain([absolute.len()]);
        let mut names = ends.map(|end| &absolute[..end]);
        let missing = names.find(|name| matches!(self.world.resolve(name), Resolved::Missing)).unwrap_or(absolute);
        let around = missing.rsplit_once('.').map(|(around, _)| around);
        let is_package = |name: &str| match self.world.resolve(name) {
            Resolved::Source(module) => self.world.is_package(module),
            Resolved::Ground(_) => false,
            _ => true,
        };
        let message = match around {
            Some(around) if !is_package(around) => {
                format!("No module named '{missing}'; '{around}' is not a package")
            }
            _ => format!("No module named '{missing}'"),
        };
        let raised = self.raise_exactly("ModuleNotFoundError", message);
        if let Err(Stop::Raise(Value::Object(exception))) = raised {
            self.set_exception_member(exception, "name", Value::str(missing))?;
            self.set_exception_member(exception, "path", Value::None)?;
        }
        raised
    }

    /// Does importing the module run no code, or only such as is proven?
    fn runs_nothing_unknown(&self, absolute: &str) -> bool {
        match self.world.resolve(absolute) {
            Resolved::Source(module) => {
                let is_around = self.name.starts_with(&format!("{absolute}."));
                module == self.module
                    || is_around
                    || self.imported.contains(&module)
                    || self.world.is_closed(module)
                    || self.is_surely_loaded(module)
                    || self.world.is_loaded_at_start(module)
            }
            Resolved::Ground(index) => match &self.world.ground().modules()[index as usize].import_effect {
                ImportEffect::Nothing => true,
                ImportEffect::Loads(names) => names.iter().all(|name| self.runs_nothing_unknown(name)),
                ImportEffect::Other(_) => false,
            },
            Resolved::Missing => true,
            Resolved::Unknown(_) | Resolved::Unfound(_) => false,
        }
    }

    /// The interpreter has loaded the module before any program runs; a guard says so.
    fn is_there_from_the_start(&mut self, module: ModuleId) -> bool {
        let is_there = self.world.is_loaded_at_start(module);
        if is_there {
            let name = self.world.module_name(module).to_string();
            self.depend(&name, &[]);
        }
        is_there
    }

    /// May a package around a module that is missing have installed a finder of its own (`pkg_resources.extern`)?
    fn may_be_made_findable(&self, absolute: &str) -> bool {
        absolute.match_indices('.').any(|(index, _)| match self.world.resolve(&absolute[..index]) {
            Resolved::Source(parent) => self.world.passage(parent).is_none_or(|passage| !passage.is_proven()),
            Resolved::Missing | Resolved::Ground(_) => false,
            Resolved::Unfound(_) | Resolved::Unknown(_) => true,
        })
    }

    /// A submodule that is loaded becomes an attribute of its package, which may be the module itself.
    fn bind_submodule(&mut self, absolute: &str) {
        let Some(below) = absolute.strip_prefix(&*self.name).and_then(|rest| rest.strip_prefix('.')) else { return };
        let child = below.split('.').next().unwrap_or(below);
        let Resolved::Source(submodule) = self.world.resolve(&format!("{}.{child}", self.name)) else { return };
        let value = self.loaded(submodule);
        self.current.binds = true;
        match self.namespace.get(child) {
            None => {
                self.suspects.settle(child);
                self.namespace.insert(child.into(), value);
            }
            Some(bound) if super::ways::is_same(bound, &value) => {}
            // Loading it binds the name, if it was not loaded before.
            Some(_) => {
                let unknown = self.unknown_name(&self.name.clone(), child, "depends on when the submodule is loaded");
                self.namespace.insert(child.into(), unknown);
            }
        }
    }

    /// What importing the module gives: it may put another one into its own place in `sys.modules`.
    pub(super) fn loaded(&self, module: ModuleId) -> Value {
        let name = self.world.module_name(module);
        self.world.passage(module).and_then(|passage| passage.alias(name)).cloned().unwrap_or(Value::Module(module))
    }

    /// The module that a parent package, which has always run first, has put into
    /// `sys.modules` under this name.
    fn aliased(&self, absolute: &str) -> Option<Value> {
        absolute.match_indices('.').find_map(|(index, _)| match self.world.resolve(&absolute[..index]) {
            Resolved::Source(parent) => self.world.passage(parent)?.alias(absolute).cloned(),
            _ => None,
        })
    }

    /// An import that may or may not succeed, inside a `try`: both ways are followed.
    pub(super) fn uncertain_import(&mut self, what: &str) -> Eval<()> {
        if self.decide(&format!("whether importing `{what}` succeeds"))? {
            return Ok(());
        }
        Err(failed_import(what))
    }

    /// `from package import submodule` loads the submodule where the package has no such name.
    fn load_submodule(&mut self, absolute: &str, target: &Value, name: &str) -> Eval<()> {
        if let Value::Module(module) = target
            && self.world.is_package(*module)
            && let Resolved::Source(submodule) = self.world.resolve(&format!("{absolute}.{name}"))
        {
            if self.leaked && !self.runs_nothing_unknown(&format!("{absolute}.{name}")) {
                self.after_handing_out(&format!("{absolute}.{name}"))?;
            }
            self.demand_findable(&format!("{absolute}.{name}"), self.may_be_caught())?;
            self.imported.insert(submodule);
            self.inherit_changes(submodule);
        }
        Ok(())
    }

    /// What was handed out can be reached, and changed, by the code that the import runs.
    fn after_handing_out(&mut self, absolute: &str) -> Eval<()> {
        if self.current.is_plain_import && self.is_import_statement() {
            self.current.is_reaching_import = true;
            return Ok(());
        }
        self.residual(Rule::UnknownCall, format!("imports `{absolute}` after objects were handed out"))
    }

    pub(super) fn import_from(&mut self, frame: &Frame, module: &Value, name: &Name) -> Eval<Value> {
        let guarded = self.may_be_caught();
        match module {
            Value::Module(id) => self.import_from_source(frame, *id, name, guarded),
            Value::GroundModule(index) => {
                let module = &self.world.ground().modules()[*index as usize];
                match module.exports.get(name) {
                    Some(Export::Maybe) if !guarded => self.residual(
                        Rule::Raises,
                        format!("imports `{name}` of module `{}`, which is not there in every process", module.name),
                    ),
                    Some(Export::Varying | Export::Process | Export::Maybe) if guarded && &**name != "__doc__" => {
                        let module = module.name.clone();
                        self.uncertain_import(&format!("{module}.{name}"))?;
                        Ok(self.unknown_name(&module, name, "differs between processes"))
                    }
                    Some(export) => {
                        let value = self.export_value(export, &module.name, name);
                        let module = module.name.clone();
                        self.note_provenance(frame, &module, name);
                        Ok(value)
                    }
                    None if &**name == "__doc__" => Ok(Value::Opaque(self.known.str)),
                    None if guarded && module.complete => {
                        let module = module.name.clone();
                        self.depend(&module, &[name]);
                        self.raise("ImportError", format!("cannot import name '{name}' from '{module}'"))
                    }
                    None if guarded => {
                        let module = module.name.clone();
                        self.uncertain_import(&format!("{module}.{name}"))?;
                        Ok(self.unknown_name(&module, name, "is not described"))
                    }
                    None => self.residual(
                        Rule::Raises,
                        format!("imports `{name}` of module `{}`, which has no such name", module.name),
                    ),
                }
            }
            Value::Unknown(reason) if super::forget::is_replaced(reason) => {
                let what = format!("imports `{name}` from something that is not known");
                self.unknown(Rule::UnknownAttribute, &what, &reason.clone())
            }
            Value::Unknown(reason) => {
                let value = part_of_external(reason, name).unwrap_or_else(|| module.clone());
                if guarded {
                    self.uncertain_import(name)?;
                }
                Ok(value)
            }
            _ => self.malformed(),
        }
    }

    fn import_from_source(&mut self, frame: &Frame, module: ModuleId, name: &Name, guarded: bool) -> Eval<Value> {
        let module_name: Name = self.world.module_name(module).into();
        let submodule = if self.world.is_package(module) {
            match self.world.resolve(&format!("{module_name}.{name}")) {
                Resolved::Missing => None,
                resolved => Some(resolved),
            }
        } else {
            None
        };
        if module == self.module
            && !self.open_namespace
            && !self.porous
            && !self.namespace.contains_key(name)
            && let Some(Resolved::Source(submodule)) = submodule
        {
            // A package that imports its own submodule.
            if guarded && !self.world.is_closed(submodule) {
                self.uncertain_import(&format!("{module_name}.{name}"))?;
            }
            return Ok(self.loaded(submodule));
        }
        let own_package = self.name.starts_with(&format!("{module_name}."));
        let evaluated = match self.world.evaluated(module) {
            // A package that loads its own submodules, perhaps by code that is not known, is not complete meanwhile.
            Some(evaluated) if !own_package || self.world.comes_before(module) && evaluated.is_proven() => {
                Some(evaluated)
            }
            _ => None,
        };
        if evaluated.is_some()
            && let Some(value) = self.changed_global(module, name)
        {
            return self.demand_bound(name, value);
        }
        self.current.speculates |= evaluated.is_some_and(|evaluated| evaluated.speculative.contains(name));
        let value = match (evaluated, &submodule) {
            (None, Some(Resolved::Source(submodule))) if !self.binds(module, name) => self.loaded(*submodule),
            (None, _) => {
                if !guarded && let Some(value) = self.passed_on(module, name) {
                    self.note_provenance(frame, &module_name, name);
                    return Ok(value);
                }
                if guarded {
                    self.uncertain_import(&format!("{module_name}.{name}"))?;
                }
                return Ok(self.unknown_name(
                    &module_name,
                    name,
                    "is read before the import cycle is complete, or is not known",
                ));
            }
            (Some(evaluated), submodule) => match (evaluated.namespace.get(name), submodule) {
                (Some(Value::Unknown(reason)), None) if guarded && evaluated.unsure.contains(name) => {
                    let reason = reason.clone();
                    self.uncertain_import(&format!("{module_name}.{name}"))?;
                    return Ok(Value::Unknown(reason));
                }
                (Some(value), None) => value.clone(),
                (Some(Value::Module(bound)), Some(Resolved::Source(submodule))) if bound == submodule => {
                    Value::Module(*bound)
                }
                (None, Some(Resolved::Source(submodule))) if !evaluated.open_namespace => {
                    if guarded && !self.world.is_closed(*submodule) {
                        self.uncertain_import(&format!("{module_name}.{name}"))?;
                    }
                    self.loaded(*submodule)
                }
                (None, None)
                    if evaluated.namespace.contains_key("__getattr__")
                        && !evaluated.open_namespace
                        && !is_module_attribute(name) =>
                {
                    self.depend(&module_name, &[name]);
                    let effects = self.current.effects.len();
                    let found = match guarded {
                        true => self.find_attribute(&Value::Module(module), name)?,
                        false => match self.module_attribute(module, name) {
                            Err(Stop::Raise(_)) => None,
                            other => Some(other?),
                        },
                    };
                    let is_kept = self.keeps_what_it_makes(module);
                    if !is_kept && self.current.effects[effects..].iter().any(Effect::is_import) {
                        // An import asks for `__path__` as well.
                        let what = format!("imports `{name}` through `__getattr__` of module `{module_name}`");
                        return self.residual(Rule::UnknownAttribute, what);
                    }
                    return match found {
                        Some(value) => Ok(value),
                        None if guarded => {
                            self.raise("ImportError", format!("cannot import name '{name}' from '{module_name}'"))
                        }
                        None => self.residual(
                            Rule::Raises,
                            format!("imports `{name}` of module `{module_name}`, which may have no such name"),
                        ),
                    };
                }
                (None, None) if !evaluated.open_namespace && !evaluated.porous && !is_module_attribute(name) => {
                    self.depend(&module_name, &[name]);
                    return self.raise("ImportError", format!("cannot import name '{name}' from '{module_name}'"));
                }
                _ if guarded => {
                    self.uncertain_import(&format!("{module_name}.{name}"))?;
                    return Ok(self.unknown_name(&module_name, name, "is not known"));
                }
                (None, None)
                    if !evaluated.open_namespace
                        && !is_module_attribute(name)
                        && !self.binds(module, name)
                        && !self.binds_dynamically(module) =>
                {
                    return self.residual(
                        Rule::Raises,
                        format!("no statement of `{module_name}` binds `{name}`: importing it may raise ImportError"),
                    );
                }
                _ => return Ok(self.unknown_name(&module_name, name, "is not known")),
            },
        };
        self.note_provenance(frame, &module_name, name);
        Ok(value)
    }

    /// May the module's own top level bind the name (so that it shadows a submodule)?
    pub(super) fn binds(&self, module: ModuleId, name: &str) -> bool {
        let package = self.world.module_name(module);
        let mut pending = vec![module];
        let mut seen = Vec::new();
        while let Some(module) = pending.pop() {
            if seen.contains(&module) {
                continue;
            }
            seen.push(module);
            let Some(ir) = self.world.ir(module) else { return true };
            let bound = |names: &[Name]| names.iter().any(|bound| &**bound == name);
            // `from . import name` in the package binds the submodule, as loading it does, unless it is given another's name.
            let own_submodule = |statement: &syntax::ir::TopLevel| {
                let binds_its_names = |names: &[Name]| {
                    let mut names = names.to_vec();
                    names.sort();
                    names == statement.binds
                };
                statement.kind == syntax::ir::StatementKind::Import
                    && ir.imports.iter().any(|site| {
                        statement.range.contains_range(site.range)
                            && self.absolute_name_in(module, site.level, &site.module).as_deref() == Some(package)
                            && binds_its_names(&site.names)
                    })
            };
            let binds = ir.statements.iter().any(|statement| bound(&statement.binds) && !own_submodule(statement));
            if binds || bound(&ir.rebound_globals) {
                return true;
            }
            for import in ir.imports.iter().filter(|import| import.names.iter().any(|name| &**name == "*")) {
                let Some(absolute) = self.absolute_name_in(module, import.level, &import.module) else { return true };
                match self.world.resolve(&absolute) {
                    Resolved::Source(source) => pending.push(source),
                    Resolved::Ground(index) => {
                        if self.world.ground().modules()[index as usize].exports.contains_key(name) {
                            return true;
                        }
                    }
                    Resolved::Missing => {}
                    Resolved::Unknown(_) | Resolved::Unfound(_) => return true,
                }
            }
        }
        false
    }

    /// May the module's own code bind names that no statement spells, as `globals()[name] = value` does?
    pub(super) fn binds_dynamically(&self, module: ModuleId) -> bool {
        let Some(ir) = self.world.ir(module) else { return true };
        reaches_namespace(ir)
    }

    fn unknown_name(&self, module: &str, name: &str, why: &str) -> Value {
        Value::Unknown(Reason::new(Rule::UnknownName, format!("`{name}` of `{module}` {why}")))
    }

    /// Remembers where the name that is bound next came from. The binding may be
    /// under another name: it is the one that the statement stores. What a call imports is used at once.
    fn note_provenance(&mut self, frame: &Frame, module: &str, name: &str) {
        if !self.is_module_level(frame) {
            self.depend(module, &[name]);
            return;
        }
        self.current.imported_name = Some((module.into(), name.into()));
    }

    pub(super) fn import_star(&mut self, frame: &Frame, module: &Value) -> Eval<()> {
        self.current.binds = true;
        let guarded = !frame.handlers.is_empty();
        match module {
            Value::GroundModule(index) => {
                let module = &self.world.ground().modules()[*index as usize];
                if !module.complete || module.exports.contains_key("__all__") {
                    return self.open_star_import(&module.name.clone(), guarded);
                }
                let exports: Vec<(Name, Export)> = module
                    .exports
                    .iter()
                    .filter(|(name, _)| !name.starts_with('_'))
                    .map(|(name, export)| (name.clone(), export.clone()))
                    .collect();
                let module = module.name.clone();
                for (name, export) in exports {
                    let value = self.export_value(&export, &module, &name);
                    self.provenance.insert(name.clone(), (module.clone(), name.clone()));
                    self.suspects.settle(&name);
                    self.namespace.insert(name, value);
                }
                Ok(())
            }
            Value::Module(id) => {
                let id = *id;
                let name: Name = self.world.module_name(id).into();
                let Some(evaluated) = self.world.evaluated(id).cloned() else {
                    return self.open_star_import(&name, guarded);
                };
                let own_package = self.name.starts_with(&format!("{name}."));
                if evaluated.open_namespace || own_package || self.has_changed_globals(id) {
                    return self.open_star_import(&name, guarded);
                }
                let names: Vec<Name> = match evaluated.namespace.get("__all__") {
                    Some(all) => match self.exported_names(&evaluated, all) {
                        Some(names) => names,
                        None => return self.open_star_import(&name, guarded),
                    },
                    // Code that was not followed may have bound more.
                    None if evaluated.porous => return self.open_star_import(&name, guarded),
                    None => evaluated.namespace.keys().filter(|name| !name.starts_with('_')).cloned().collect(),
                };
                // Submodules loaded by others become attributes, and so names, of a package.
                if self.world.is_package(id) && !evaluated.namespace.contains_key("__all__") {
                    return self.open_star_import(&name, guarded);
                }
                self.depend(&name, &["__all__"]);
                self.current.speculates |= names.iter().any(|exported| evaluated.speculative.contains(exported))
                    || evaluated.speculative.contains("__all__");
                for exported in names {
                    match evaluated.namespace.get(&exported) {
                        Some(value) => {
                            self.provenance.insert(exported.clone(), (name.clone(), exported.clone()));
                            self.suspects.settle(&exported);
                            self.namespace.insert(exported, value.clone());
                        }
                        None => return self.open_star_import(&name, guarded),
                    }
                }
                Ok(())
            }
            _ => self.open_star_import("a module that is not known", guarded),
        }
    }

    /// `__all__` of a finished module, where it is a list or tuple of known strings.
    fn exported_names(&self, evaluated: &crate::evaluated::Evaluated, all: &Value) -> Option<Vec<Name>> {
        let items: Vec<Value> = match all {
            Value::Tuple(items) => items.to_vec(),
            Value::Object(object) if object.owner == evaluated.module => {
                match &evaluated.heap.objects[object.index as usize] {
                    crate::heap::Object::List(items) => items.clone(),
                    _ => return None,
                }
            }
            _ => return None,
        };
        items
            .into_iter()
            .map(|item| match item {
                Value::Str(name) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// A star import whose names are not known: from here on any name may be anything.
    fn open_star_import(&mut self, module: &str, guarded: bool) -> Eval<()> {
        if guarded {
            return self.residual(Rule::Raises, format!("`from {module} import *` may raise"));
        }
        let reason = Reason::new(
            Rule::UnknownStarImport,
            format!("a later `from {module} import *`, whose names are not known, may have bound it"),
        );
        self.distrust(&[], &reason);
        self.open_namespace = true;
        Ok(())
    }
}

/// The exception of a failed import: which one is not known.
fn failed_import(what: &str) -> Stop {
    Stop::Raise(Value::Unknown(Reason::new(Rule::Raises, format!("an exception: importing `{what}` fails"))))
}

/// Whether any code of the module, whoever may run it, mentions a way to its namespace. Of code that nobody has read
/// ([`syntax::ir::Code::read`]) this matters all the same.
pub fn reaches_namespace(ir: &syntax::ir::Module) -> bool {
    ir.codes.iter().any(|code| super::forget::mentions_any(code, &NAMESPACE_ACCESS))
}

/// Names by which a module binds names that no statement of it spells.
const NAMESPACE_ACCESS: [&str; 6] = ["globals", "locals", "vars", "exec", "setattr", "__dict__"];

/// Does every module have the attribute, without a statement that binds it (`__file__`, `__dict__`)?
pub(super) fn is_module_attribute(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// What is read of an extension module, or of something of one.
pub(super) fn part_of_external(reason: &Reason, name: &str) -> Option<Value> {
    let origin = format!("{}.{name}", reason.origin.as_ref()?);
    Some(Value::Unknown(Reason::external(reason.rule, reason.message.clone(), origin.into())))
}
