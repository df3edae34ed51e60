//! The spec of a module of the bundle, as its finder makes it (`lyo/_finder.py`), without the finder's Python code.
//!
//! Only what is plain is done here: the path finder and the loader of source files are the interpreter's own, it comes right
//! behind our finder, and the module's source lies unchanged where the path leads to. Everything else the finder is asked.

use std::rc::Rc;

use pyo3_ffi as ffi;

use crate::load::is_own;
use crate::locate::{Located, Surroundings, locate, locate_sealed};
use crate::names::name;
use crate::object::{Fallible, Object, imported, type_lookup};
use crate::{bundle, execute};

/// What the finder knows.
#[derive(Clone)]
pub struct Specifier {
    capsule: Object,
    /// The files can't have changed.
    is_sealed: bool,
    recorder: Object,
    path_finder: Object,
    file_finder: Object,
    source_loader: Object,
    spec: Object,
    loaders: Object,
    suffixes: Rc<[String]>,
    /// The path hooks that the interpreter starts with.
    hooks: [Object; 2],
    /// Where compiled files lie: `__pycache__/`, and the end of their names.
    compiled: (String, String),
    /// Classes, names and what is found there: as long as it is.
    parts: Rc<Vec<(Object, Object, Object)>>,
}

impl Specifier {
    /// Nothing, where the finder has to be asked. `recorder` gives what to report imports to.
    pub fn new(finder: &Object, capsule: &Object, recorder: Object) -> Fallible<Option<Self>> {
        let field = |name| finder.attribute(name);
        let [hooks, loaders, suffixes, compiled, sealed] =
            ["_hooks", "_loaders", "_suffixes", "_compiled", "_sealed"].map(field);
        let is_sealed = sealed?.is(&Object::bool(true));
        let (hooks, compiled) = (hooks?, compiled?);
        let (Some(first), Some(second)) = (hooks.list_item(0), hooks.list_item(1)) else { return Ok(None) };
        let Some((folder, ending)) = compiled.as_text().and_then(|compiled| compiled.split_once("%s")) else {
            return Ok(None);
        };
        let external = |name| imported(c"_frozen_importlib_external", name);
        let (path_finder, file_finder, source_loader) =
            (external("PathFinder")?, external("FileFinder")?, external("SourceFileLoader")?);
        let spec = imported(c"_frozen_importlib", "ModuleSpec")?;
        let of_loader =
            ["__init__", "create_module", "exec_module", "get_code", "get_data", "path_stats", "source_to_code"];
        let mut parts = Vec::new();
        for (class, name) in [(&path_finder, "find_spec"), (&file_finder, "find_spec"), (&spec, "__init__")]
            .into_iter()
            .chain(of_loader.map(|name| (&source_loader, name)))
        {
            let name = Object::name(name)?;
            match class.as_type().and_then(|class| type_lookup(class, &name)) {
                Some(found) if is_own(&found) => parts.push((class.clone(), name, found)),
                _ => return Ok(None),
            }
        }
        Ok(Some(Self {
            capsule: capsule.clone(),
            is_sealed,
            recorder,
            path_finder,
            file_finder,
            source_loader,
            spec,
            loaders: loaders?,
            suffixes: suffixes?.tuple_items().filter_map(|suffix| suffix.as_text().map(str::to_owned)).collect(),
            hooks: [first, second],
            compiled: (folder.to_owned(), ending.to_owned()),
            parts: parts.into(),
        }))
    }

    /// What `find_spec` of the finder gives, if that can be told. `place`: where the finder stands in `sys.meta_path`.
    pub fn spec(&self, name: &Object, path: Option<&Object>, place: usize) -> Fallible<Option<Object>> {
        let of_system = |name: &std::ffi::CStr| {
            // SAFETY: borrowed from the interpreter, or null.
            unsafe { Object::borrowed(ffi::PySys_GetObject(name.as_ptr())) }
        };
        let (Some(finders), Some(hooks), Some(importers)) =
            (of_system(c"meta_path"), of_system(c"path_hooks"), of_system(c"path_importer_cache"))
        else {
            return Ok(None);
        };
        let is = |list: &Object, index, expected: &Object| list.list_item(index).is_some_and(|item| item.is(expected));
        let is_plain = is(&finders, place + 1, &self.path_finder)
            && is(&hooks, 0, &self.hooks[0])
            && is(&hooks, 1, &self.hooks[1])
            && of_system(c"pycache_prefix").is_some_and(|prefix| prefix.is_none())
            && self.parts.iter().all(|(class, name, expected)| {
                let found = class.as_type().and_then(|class| type_lookup(class, name));
                found.is_some_and(|found| found.is(expected))
            });
        let Some(path) = path.cloned().or_else(|| of_system(c"path")) else { return Ok(None) };
        if !is_plain || !importers.is_exactly(&raw mut ffi::PyDict_Type) {
            return Ok(None);
        }
        let around = Surroundings {
            importers,
            file_finder: self.file_finder.clone(),
            loaders: self.loaders.clone(),
            suffixes: Rc::clone(&self.suffixes),
            plain_hooks: true,
            more_hooks: hooks.list_item(2).is_some(),
        };
        let bundle = bundle::bundle(&self.capsule)?;
        if self.is_sealed
            && let Some(located) = locate_sealed(bundle, name, &path.sequence_tuple()?)
        {
            return self.make(name, &located).map(Some);
        }
        match locate(bundle, name, &path, &around)? {
            Some(located) => self.make(name, &located).map(Some),
            None => Ok(None),
        }
    }

    /// `BundleFinder._spec`.
    fn make(&self, name: &Object, located: &Located) -> Fallible<Object> {
        let origin = Object::text(&located.origin)?;
        let loader = self.source_loader.call(&Object::tuple(vec![name.clone(), origin.clone()])?, None)?;
        let keywords = Object::dict()?;
        keywords.dict_set_name(name!("origin"), &origin)?;
        let spec = self.spec.call(&Object::tuple(vec![name.clone(), loader.clone()])?, Some(&keywords))?;
        spec.set_attribute(name!("_set_fileattr"), &Object::bool(true))?;
        if let Some(folder) = &located.package {
            let locations = Object::list()?;
            let folder = Object::text(folder)?;
            locations.list_append(&folder)?;
            spec.set_attribute(name!("submodule_search_locations"), &locations)?;
        }
        let (head, tail) = located.origin.rsplit_once('/').unwrap_or(("", &located.origin));
        let stem = tail.strip_suffix(".py").unwrap_or(tail);
        let (folder, ending) = &self.compiled;
        spec.set_attribute(name!("_cached"), &Object::text(&format!("{head}/{folder}{stem}{ending}"))?)?;
        let recorder = self.recorder.call0()?;
        let executor = execute::executor(&Object::tuple(vec![
            self.capsule.clone(),
            name.clone(),
            loader.clone(),
            origin,
            recorder,
        ])?)?;
        loader.set_attribute(name!("exec_module"), &executor)?;
        Ok(spec)
    }
}
