//! Imports of the bundle's modules without the Python code of `importlib._bootstrap`, which costs more than all that is
//! left to do for a module of which nothing is touched.
//!
//! What `_find_and_load`, `_load_unlocked` and `module_from_spec` do is done here in the same order, with the same lock;
//! the finder is asked as they ask it. Wherever something is not as the interpreter has it when it starts (another finder
//! comes first, a function of the import system was replaced, imports are timed or told, a tracer watches), nothing is done
//! here, and the import takes the ordinary way. What code finds on the stack are fewer frames of `importlib`, which
//! tracebacks leave out in any case.

use std::cell::{Cell, RefCell};

use pyo3_ffi as ffi;

use crate::bundle;
use crate::execute;
use crate::import::is_plain;
use crate::module_lock::ModuleLocks;
use crate::names::name;
use crate::object::{
    Fallible, GilProtected, Object, Raised, check, forget_error, imported, keeping_error, module_dict, modules,
    raise_key_error, type_dict,
};
use crate::specify::Specifier;

/// More imports within one another are left to the interpreter, which counts frames.
const DEEPEST: u32 = 100;

/// The finder in place.
static FINDER: GilProtected<Option<Finder>> = GilProtected::new(None);

#[derive(Clone)]
struct Finder {
    object: Object,
    /// Its bundle.
    capsule: Object,
    specifier: Option<Specifier>,
}

/// The import system as it was when the interpreter had started; nothing, if modules are not loaded here.
static SYSTEM: GilProtected<Option<Option<System>>> = GilProtected::new(None);

/// So many finders come before ours.
const FIRST_FINDERS: usize = 2;

#[derive(Clone)]
struct System {
    /// The finders of builtin and of frozen modules.
    first_finders: [Object; FIRST_FINDERS],
    find_frozen: Object,
    is_builtin: Object,
    locks: ModuleLocks,
    /// Namespaces, names and what stands there.
    parts: std::rc::Rc<Vec<(Object, Object, Object)>>,
}

/// Functions of `importlib._bootstrap` that are not called.
const BYPASSED: [&str; 6] = [
    "_find_and_load",
    "_find_and_load_unlocked",
    "_find_spec",
    "_init_module_attrs",
    "_load_unlocked",
    "module_from_spec",
];

/// From now on this finder's modules are loaded here, where that can't be told.
pub fn use_finder(finder: &Object, capsule: &Object, recorder: Object) -> Fallible<()> {
    bundle::bundle(capsule)?;
    let specifier = Specifier::new(finder, capsule, recorder)?;
    let before =
        FINDER.with(|known| known.replace(Finder { object: finder.clone(), capsule: capsule.clone(), specifier }));
    drop(before);
    Ok(())
}

thread_local! {
    /// Modules that this thread is loading here, the innermost last.
    static UNDER_WAY: RefCell<Vec<Object>> = const { RefCell::new(Vec::new()) };
}

/// Whether this thread is loading the module: then it need not wait for itself.
pub fn is_under_way(module: &Object) -> bool {
    UNDER_WAY.with_borrow(|modules| modules.iter().any(|other| other.is(module)))
}

/// Sees to it that the module of this absolute name is in `sys.modules`, if it can be loaded here. The very object becomes
/// its `__name__`: one that is interned only where the interpreter's would be.
pub fn load(name: &Object) -> Fallible<()> {
    thread_local!(static DEPTH: Cell<u32> = const { Cell::new(0) });
    let depth = DEPTH.get();
    if cfg!(Py_3_14) || depth >= DEEPEST {
        return Ok(());
    }
    let Some(finder) = FINDER.with(|finder| finder.clone()) else { return Ok(()) };
    let Some(system) = SYSTEM.get_or_make(System::find)? else { return Ok(()) };
    if !system.is_in_place(&finder.object)? || execute::is_watched()? {
        return Ok(());
    }
    DEPTH.set(depth + 1);
    let done = system.load(name, &finder);
    DEPTH.set(depth);
    done
}

impl System {
    /// Nothing, where something was replaced already or imports are timed or told.
    fn find() -> Fallible<Option<System>> {
        let mut parts = Vec::new();
        let bootstrap = imported(c"_frozen_importlib", "__dict__")?;
        for name in BYPASSED.into_iter().chain(["_get_module_lock", "_lock_unlock_module"]) {
            parts.push((bootstrap.clone(), Object::name(name)?));
        }
        let first_finders =
            [imported(c"_frozen_importlib", "BuiltinImporter")?, imported(c"_frozen_importlib", "FrozenImporter")?];
        for finder in &first_finders {
            let Some(class) = finder.as_type() else { return Ok(None) };
            parts.push((type_dict(class)?, Object::name("find_spec")?));
        }
        let mut own = Vec::with_capacity(parts.len());
        for (dict, name) in parts {
            match dict.dict_get(&name)? {
                Some(part) if is_own(&part) => own.push((dict, name, part)),
                _ => return Ok(None),
            }
        }
        let options = imported(c"sys", "_xoptions")?;
        let is_timed = options.dict_get_name(name!("importtime"))?.is_some()
            || std::env::var_os("PYTHONPROFILEIMPORTTIME").is_some_and(|value| !value.is_empty());
        let is_told = !imported(c"sys", "flags")?.attribute(name!("verbose"))?.equals(&Object::int(0)?)?;
        if is_timed || is_told {
            return Ok(None);
        }
        let find_frozen = imported(c"_imp", "find_frozen")?;
        let is_builtin = imported(c"_imp", "is_builtin")?;
        let locks = ModuleLocks::find()?;
        Ok(Some(System { first_finders, find_frozen, is_builtin, locks, parts: own.into() }))
    }

    /// Whether everything is as it was, and the finder comes right after those of builtin and frozen modules.
    fn is_in_place(&self, finder: &Object) -> Fallible<bool> {
        // SAFETY: borrowed from the interpreter.
        let finders = unsafe { Object::borrowed(ffi::PySys_GetObject(c"meta_path".as_ptr())) };
        let Some(finders) = finders else { return Ok(false) };
        let [builtin, frozen] = &self.first_finders;
        for (place, expected) in [builtin, frozen, finder].into_iter().enumerate() {
            if !finders.list_item(place).is_some_and(|found| found.is(expected)) {
                return Ok(false);
            }
        }
        for (dict, name, expected) in &*self.parts {
            if !dict.dict_get(name)?.is_some_and(|found| found.is(expected)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn load(&self, key: &Object, finder: &Finder) -> Fallible<()> {
        let Some(modules) = modules().filter(|modules| modules.is_exactly(&raw mut ffi::PyDict_Type)) else {
            return Ok(());
        };
        let Some(name) = key.as_text() else { return Ok(()) };
        if modules.dict_get(key)?.is_some() || bundle::reader(&finder.capsule)?.find(name).is_none() {
            return Ok(());
        }
        if !self.is_builtin.call1(key)?.equals(&Object::int(0)?)? || !self.find_frozen.call1(key)?.is_none() {
            return Ok(());
        }
        announce(key)?;
        let held = self.locks.hold(key)?;
        let done = self.load_locked(&modules, key, name, finder);
        keeping_error(|| held.release());
        done
    }

    /// `_find_and_load_unlocked`: the package first, which may import the module itself.
    fn load_locked(&self, modules: &Object, key: &Object, name: &str, finder: &Finder) -> Fallible<()> {
        let mut package = None;
        if let Some((parent, child)) = name.rsplit_once('.') {
            self.load(&Object::text(parent)?, finder)?;
            package = match modules.dict_get_name(parent)? {
                Some(parent) => Package::of(parent, child)?,
                None => None,
            };
            if package.is_none() {
                return Ok(());
            }
        }
        if modules.dict_get(key)?.is_some() {
            return Ok(());
        }
        find_and_load(modules, key, finder, package.as_ref())
    }
}

/// Whether it is a function of `importlib`, or a class or static method around one.
pub fn is_own(part: &Object) -> bool {
    let function = part.attribute(name!("__func__")).unwrap_or_else(|Raised| part.clone());
    let code = function.attribute(name!("__code__")).and_then(|code| code.attribute(name!("co_filename")));
    forget_error();
    code.is_ok_and(|filename| filename.as_text().is_some_and(|name| name.starts_with("<frozen importlib")))
}

/// A package that a submodule is loaded for.
struct Package {
    module: Object,
    path: Object,
    /// `_uninitialized_submodules` of its `__spec__`, from 3.12 on.
    uninitialized: Option<Object>,
    child: Object,
}

impl Package {
    /// Nothing, if the module is an unusual package.
    fn of(module: Object, child: &str) -> Fallible<Option<Package>> {
        if !is_plain(&module) {
            return Ok(None);
        }
        let Some(dict) = module_dict(&module) else { return Ok(None) };
        let (Some(path), Some(spec)) = (dict.dict_get_name(name!("__path__"))?, dict.dict_get_name(name!("__spec__"))?)
        else {
            return Ok(None);
        };
        if !path.is_exactly(&raw mut ffi::PyList_Type)
            || !spec.class().is(&imported(c"_frozen_importlib", "ModuleSpec")?)
        {
            return Ok(None);
        }
        let uninitialized = cfg!(Py_3_12).then(|| spec.attribute(name!("_uninitialized_submodules"))).transpose()?;
        let is_list = |list: &Object| list.is_exactly(&raw mut ffi::PyList_Type);
        if !uninitialized.as_ref().is_none_or(is_list) {
            return Ok(None);
        }
        Ok(Some(Package { module, path, uninitialized, child: Object::name(child)? }))
    }
}

/// The audit event of an import.
fn announce(name: &Object) -> Fallible<()> {
    // SAFETY: borrowed from the interpreter, or null.
    let of_system = |name: &std::ffi::CStr| unsafe {
        Object::borrowed(ffi::PySys_GetObject(name.as_ptr())).unwrap_or_else(Object::none)
    };
    let (path, finders, hooks) = (of_system(c"path"), of_system(c"meta_path"), of_system(c"path_hooks"));
    // SAFETY: C strings and five live objects, as the format says.
    check(unsafe {
        PySys_Audit(
            c"import".as_ptr(),
            c"OOOOO".as_ptr(),
            name.as_ptr(),
            ffi::Py_None(),
            path.as_ptr(),
            finders.as_ptr(),
            hooks.as_ptr(),
        )
    })
    .map(drop)
}

/// The rest of `_find_and_load_unlocked`.
fn find_and_load(modules: &Object, name: &Object, finder: &Finder, package: Option<&Package>) -> Fallible<()> {
    let path = package.map(|package| &package.path);
    let spec = match &finder.specifier {
        Some(specifier) => specifier.spec(name, path, FIRST_FINDERS)?,
        None => None,
    };
    let spec = match spec {
        Some(spec) => spec,
        None => {
            let path = path.cloned().unwrap_or_else(Object::none);
            finder.object.attribute(name!("find_spec"))?.call(&Object::tuple(vec![name.clone(), path])?, None)?
        }
    };
    let Some((execute, module)) = module_from_spec(&spec, name)? else { return Ok(()) };
    let waits = package.and_then(|package| Some((package.uninitialized.as_ref()?, &package.child)));
    if let Some((uninitialized, child)) = waits {
        uninitialized.list_append(child)?;
    }
    let loaded = load_unlocked(modules, name, &spec, &execute, module);
    if let Some((uninitialized, _)) = waits {
        keeping_error(|| uninitialized.attribute(name!("pop"))?.call0().map(drop));
    }
    let module = loaded?;
    match package {
        Some(Package { module: package, child, .. }) => {
            // SAFETY: live objects.
            check(unsafe { ffi::PyObject_SetAttr(package.as_ptr(), child.as_ptr(), module.as_ptr()) }).map(drop)
        }
        None => Ok(()),
    }
}

/// `module_from_spec` with `_init_module_attrs`, and what executes the module; nothing, if the spec is not one of ours.
fn module_from_spec(spec: &Object, name: &Object) -> Fallible<Option<(Object, Object)>> {
    if spec.is_none() {
        return Ok(None);
    }
    let Some(fields) = spec.own_dict()? else { return Ok(None) };
    let field = |name: &str| fields.dict_get_name(name);
    let (Some(loader), Some(origin), Some(cached)) = (field("loader")?, field("origin")?, field("_cached")?) else {
        return Ok(None);
    };
    let Some(locations) = field("submodule_search_locations")? else { return Ok(None) };
    let execute = match loader.own_dict()? {
        Some(dict) => dict.dict_get_name(name!("exec_module"))?,
        None => None,
    };
    let Some(execute) = execute.filter(execute::is_executor) else { return Ok(None) };
    if !origin.is_text() || !cached.is_text() {
        return Ok(None);
    }
    // SAFETY: a str object; a new reference.
    let module = unsafe { Object::owned(ffi::PyModule_NewObject(name.as_ptr()))? };
    let Some(namespace) = module_dict(&module) else { return Ok(None) };
    let parent = if locations.is_none() {
        Object::text(name.as_text().and_then(|name| name.rsplit_once('.')).map_or("", |(parent, _)| parent))?
    } else {
        name.clone()
    };
    namespace.dict_set_name(name!("__name__"), name)?;
    namespace.dict_set_name(name!("__loader__"), &loader)?;
    namespace.dict_set_name(name!("__package__"), &parent)?;
    namespace.dict_set_name(name!("__spec__"), spec)?;
    if !locations.is_none() {
        namespace.dict_set_name(name!("__path__"), &locations)?;
    }
    namespace.dict_set_name(name!("__file__"), &origin)?;
    namespace.dict_set_name(name!("__cached__"), &cached)?;
    Ok(Some((execute, module)))
}

/// `_load_unlocked`; gives what stands in `sys.modules` then.
fn load_unlocked(modules: &Object, name: &Object, spec: &Object, execute: &Object, module: Object) -> Fallible<Object> {
    spec.set_attribute(name!("_initializing"), &Object::bool(true))?;
    let loaded = (|| {
        modules.dict_set(name, &module)?;
        UNDER_WAY.with_borrow_mut(|modules| modules.push(module.clone()));
        let executed = execute.call1(&module);
        drop(UNDER_WAY.with_borrow_mut(Vec::pop));
        if executed.is_err() {
            strip_frames();
            keeping_error(|| match modules.dict_get(name)? {
                Some(_) => modules.dict_delete(name),
                None => Ok(()),
            });
            return Err(Raised);
        }
        let Some(module) = modules.dict_get(name)? else { return Err(raise_key_error(name)) };
        modules.dict_delete(name)?;
        modules.dict_set(name, &module)?;
        Ok(module)
    })();
    keeping_error(|| spec.set_attribute(name!("_initializing"), &Object::bool(false)));
    loaded
}

/// Takes the frame of `importlib` that executes a module's code out of the traceback of the exception that is set
/// (`remove_importlib_frames` in `import.c`).
fn strip_frames() {
    let (mut kind, mut value, mut trace) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: what is fetched is restored, with another traceback; live objects.
    unsafe {
        #[allow(deprecated)]
        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
        if let Some(first) = Object::borrowed(trace) {
            match stripped(first) {
                Ok(rest) => {
                    ffi::Py_DECREF(trace);
                    trace = rest.map_or(std::ptr::null_mut(), Object::into_ptr);
                }
                Err(Raised) => ffi::PyErr_Clear(),
            }
        }
        #[allow(deprecated)]
        ffi::PyErr_Restore(kind, value, trace);
    }
}

fn stripped(first: Object) -> Fallible<Option<Object>> {
    let (mut start, mut last, mut next) = (Some(first.clone()), None::<Object>, Some(first));
    while let Some(entry) = next {
        let code = entry.attribute(name!("tb_frame"))?.attribute(name!("f_code"))?;
        let is_named = |field, name| Ok(code.attribute(field)?.as_text() == Some(name));
        next = Some(entry.attribute(name!("tb_next"))?).filter(|next| !next.is_none());
        if is_named("co_name", "_call_with_frames_removed")?
            && is_named("co_filename", "<frozen importlib._bootstrap>")?
        {
            match &last {
                Some(last) => last.set_attribute(name!("tb_next"), next.as_ref().unwrap_or(&Object::none()))?,
                None => start = next.clone(),
            }
        } else {
            last = Some(entry);
        }
    }
    Ok(start)
}

unsafe extern "C" {
    fn PySys_Audit(event: *const std::ffi::c_char, format: *const std::ffi::c_char, ...) -> std::ffi::c_int;
}
